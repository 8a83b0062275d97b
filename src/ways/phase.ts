import type { Settings, TriggerWords } from '../settings/index.ts';

/** What of the settings says which labels start work; when the file is not right, there is no phase to be read. */
export type LabelWords = Pick<TriggerWords, 'label'> & Partial<Pick<Settings['triggers'], 'phase'>>;

/** The labels that an issue must carry for work to start: where a phase is marked by one, that label as well. None where labels are off. */
export function labelsToStart({ label, phase }: LabelWords): readonly string[] {
  if (label === false) return [];
  return phase?.label === undefined ? [label] : [label, phase.label];
}
