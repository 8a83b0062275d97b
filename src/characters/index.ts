/** Characters that make a text look like another one, or that nobody sees: which there are, and what is done about them (pure). */
export { hasHidden } from './classes.ts';
export { findDisguises, type Disguises } from './disguises.ts';
export { spellUnseen, unspellUnseen } from './spelling.ts';
export { cleanCharacters, withoutUnseen } from './unseen.ts';
