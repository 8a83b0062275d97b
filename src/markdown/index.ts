/** Text for people as Markdown that can do no harm: what strangers wrote is made visible, plain and quiet. */
export { neutralise, neutraliseLine } from './neutralise.ts';
export {
  codeCell,
  codeSpan,
  countTurns,
  cutMarkdown,
  cutMiddle,
  fenced,
  plainText,
  plainTitle,
  shortCode,
  visible,
} from './text.ts';
