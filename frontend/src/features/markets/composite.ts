/**
 * How much of the world is open, by weight: the same rule as GET /api/markets/composite, on the rows that are shown, so
 * that the shares turn in the moment in which a row does.
 */

import type { MarketRow } from '@/live/markets';
import { type Micros, toMicros } from '@/shared/decimal';

export interface Share {
  readonly name: string;
  readonly weight: Micros;
  readonly openWeight: Micros;
  /** 0 to 1; nothing of nothing is 0. */
  readonly openShare: number;
  /** Names of the open markets that count, and of those whose calendar does not know. */
  readonly open: readonly string[];
  readonly unknown: readonly string[];
}

type Weighed = Pick<MarketRow, 'display_name' | 'region' | 'weight' | 'is_control_market' | 'status'>;

/** The whole first, named "World", then each region in the order in which it first appears. */
export function compositeOf(markets: readonly Weighed[]): readonly [Share, ...Share[]] {
  const counted = markets.filter((market) => market.is_control_market);
  const regions = [...new Set(counted.map(({ region }) => region))];
  const inRegion = (name: string) => counted.filter(({ region }) => region === name);
  return [shareOf('World', counted), ...regions.map((name) => shareOf(name, inRegion(name)))];
}

function shareOf(name: string, markets: readonly Weighed[]): Share {
  const withStatus = (status: MarketRow['status']) => markets.filter((market) => market.status === status);
  const open = withStatus('OPEN');
  const [weight, openWeight] = [weightOf(markets), weightOf(open)];
  return {
    name,
    weight,
    openWeight,
    openShare: weight === 0 ? 0 : openWeight / weight,
    open: open.map((market) => market.display_name),
    unknown: withStatus('UNKNOWN').map((market) => market.display_name),
  };
}

function weightOf(markets: readonly Weighed[]): Micros {
  return markets.reduce((sum, { weight }) => sum + (toMicros(Number(weight)) ?? 0), 0);
}

/** "55%", "0%"; one decimal where it is needed. */
export function sharePercent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}
