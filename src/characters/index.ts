/** Characters that make a text look like another one: which there are, and where a text has them (pure). */
export { bidiControls, hasHidden, invisibles, tagCharacters } from './classes.ts';
export { findDisguises, type Disguises } from './disguises.ts';
