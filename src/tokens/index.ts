/** Access tokens while they live: shared by those who need the same one, given back when the last of them is done. */
export { createTokens, type Minted, type TokenSource, type Tokens } from './tokens.ts';
