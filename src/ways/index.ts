/** The ways in beside people's words: which Apps may ask for work, how often, what a dispatch has to say, which labels go together, which files are looked at (pure). */
export { backendFiles, findTouched, looksAtFiles, renderFilesWish } from './files.ts';
export { labelsToStart, type LabelWords } from './phase.ts';
export { countRounds, findDispatchFault, isDelegator, mostRounds, renderDelegated } from './delegation.ts';
