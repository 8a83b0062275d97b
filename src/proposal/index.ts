/** A plan that is put up for approval: as the comment that people read and edit, and what that comment says by now (pure). */
export { renderProposal, type ProposalFacts } from './render-proposal.ts';
export { readProposal, type StandingProposal } from './read-proposal.ts';
export { digestOf, proposalMarker, proposalMarkerOf, wishOf } from './marker.ts';
