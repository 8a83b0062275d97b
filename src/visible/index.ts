/** What a person sees of an issue or a comment on GitHub, and what is in it that nobody sees (pure). */
export { readVisible, readVisibleLine, type VisibleText } from './read-visible.ts';
export { cleanCharacters } from '../characters/index.ts';
