import { useEverySecond, useMarkets } from '@/live/hooks';
import type { MarketRow } from '@/live/markets';
import { formatCountdown, instantIn } from '@/shared/clockText';

/** Which market opens next, and when; nothing where no calendar knows. */
export function NextOpen() {
  const { data } = useMarkets();
  return useEverySecond((_, present) => nextOpenWords(data?.markets ?? [], present));
}

/** "Next: Tokyo in 1d 05:12:00, Mon 09:00 there."; CME's own session is no open that anybody captures. */
export function nextOpenWords(markets: readonly MarketRow[], presentMs: number): string {
  const [next] = markets
    .filter((market) => market.next_transition_type === 'OPEN' && market.is_control_market)
    .flatMap((market) => {
      const ms = Date.parse(market.next_transition_at ?? '');
      return ms > presentMs ? [{ market, ms }] : [];
    })
    .toSorted((a, b) => a.ms - b.ms);
  if (!next) return '';
  const { market, ms } = next;
  const there = instantIn(market.timezone, ms, presentMs);
  return `Next: ${market.display_name} in ${formatCountdown(ms - presentMs)}, ${there} there.`;
}
