/** What the desk makes of the quotes and what the tick store keeps of them, as the API describes them. */

import type { components } from './schema';

export type BoardRowAnswer = components['schemas']['BoardRow'];
export type TotalAnswer = components['schemas']['TotalRow'];
export type Signal = NonNullable<BoardRowAnswer['signal']>;
export type MetricAnswer = components['schemas']['MetricAnswer'];
