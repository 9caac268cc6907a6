/** The markets of the world clock and the replays, as the API describes them. */

import type { components } from './schema';

export type Market = components['schemas']['MarketRow'];
export type MarketsAnswer = components['schemas']['MarketsAnswer'];
export type MarketStatus = Market['status'];
export type MarketPhase = Market['phase'];
export type TransitionKind = NonNullable<Market['next_transition_type']>;

export type Replay = components['schemas']['ReplayRow'];
