import { useMarkets } from '@/live/hooks';
import type { MarketRow } from '@/live/markets';
import classes from './markets.module.css';
import { noteOf } from './marketView';
import { PhaseWord, StatusWord } from './StatusWord';
import { Countdown } from './ticking';

export const DEFAULT_MARKET = 'USA';

interface MarketStatusProps {
  /** Key of the wanted market; the default stands in for one that does not exist. */
  chosen: string;
  onChoose: (country: string) => void;
}

/** How the chosen market stands, on every page. */
export function MarketStatus({ chosen, onChoose }: MarketStatusProps) {
  const { data, error } = useMarkets();
  const markets = data?.markets ?? [];
  const market = marketOf(markets, chosen);
  const note = market && noteOf(market);
  if (!market) return <span className={classes.header}>{error ? 'Markets: no answer' : ''}</span>;
  return (
    <div
      className={classes.header}
      data-testid="market-status"
      data-market={market.country}
      data-status={market.status}
    >
      <select
        className={classes.picker}
        aria-label="Market in the header"
        value={market.country}
        onChange={(event) => onChoose(event.currentTarget.value)}
      >
        {markets.map(({ country, display_name }) => (
          <option key={country} value={country}>
            {display_name}
          </option>
        ))}
      </select>
      <StatusWord market={market} />
      <PhaseWord market={market} />
      <span data-testid="market-countdown">
        <Countdown market={market} />
      </span>
      {note && (
        <span className={classes.headerNote} data-testid="market-note" data-special={note.isSpecial} title={note.text}>
          {note.text}
        </span>
      )}
    </div>
  );
}

export function marketOf(markets: readonly MarketRow[], wanted: string): MarketRow | undefined {
  const named = (country: string) => markets.find((market) => market.country === country);
  return named(wanted) ?? named(DEFAULT_MARKET) ?? markets[0];
}
