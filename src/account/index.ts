/** The account that a pull request gives of work: its sections, the evidence, and how they go into a text that people edit (pure). */
export { findTemplate, isSameText, mergeBody, startBody, type Section } from './body.ts';
export { renderEvidence, renderReport, withoutColours } from './evidence.ts';
export { renderSections, renderTotal, whatIsLeft, type Account, type PublishedFacts, type Room } from './sections.ts';
