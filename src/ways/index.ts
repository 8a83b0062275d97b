/** The ways in beside people's words: which Apps may ask for work, how often, and what a dispatch has to say (pure). */
export { countRounds, findDispatchFault, isDelegator, mostRounds, renderDelegated } from './delegation.ts';
