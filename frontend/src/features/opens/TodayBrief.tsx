import { Skeleton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Card, SessionRow } from '@/api/marketOpen';
import { useEverySecond } from '@/live/hooks';
import { UNKNOWN } from '@/shared/format';
import { ProblemAlert } from '@/shared/ProblemAlert';
import { SignalMark } from '@/shared/SignalMark';
import classes from './brief.module.css';
import { openTime, stateWords } from './shared/cardView';
import { Money } from './shared/Money';
import { NextOpen } from './shared/NextOpen';
import { OutcomeBadge } from './shared/OutcomeBadge';
import { useToday } from './shared/queries';
import { StaleNote } from './shared/StaleNote';
import { type Trade, tradeOf } from './shared/trade';
import { usePrecision } from './shared/useInstruments';
import { useLiveTrade } from './shared/useLiveTrade';
import { formatPrice } from './shared/words';

/** The opens of the present trade date in short, one line each. */
export function TodayBrief() {
  const { data, error, refetch, isFetching } = useToday();
  return (
    <section className={classes.brief} aria-labelledby="opens-brief" data-testid="opens-brief">
      <div className={classes.bar}>
        <h2 id="opens-brief" className={classes.heading}>
          <Link to="/futures/market-open/today">Market opens</Link>
        </h2>
        {data && <span className={classes.quiet}>{countWords(data.markets)}</span>}
        {data && error && <StaleNote asOf={data.as_of} />}
      </div>
      {data && <Lines cards={data.markets} />}
      {!data && error && (
        <ProblemAlert
          what="The market opens could not be loaded"
          error={error}
          onRetry={() => void refetch()}
          retrying={isFetching}
        />
      )}
      {!data && !error && <Skeleton height={160} radius="sm" />}
    </section>
  );
}

/** "3 captured, 5 to come". */
function countWords(cards: readonly Card[]): string {
  const of = (...states: Card['state'][]) => cards.filter(({ state }) => states.includes(state)).length;
  const counts = [
    [of('captured'), 'captured'],
    [of('missed'), 'missed'],
    [of('upcoming', 'open'), 'to come'],
  ] as const;
  return counts.flatMap(([count, word]) => (count > 0 ? `${count} ${word}` : [])).join(', ');
}

function Lines({ cards }: { cards: readonly Card[] }) {
  const shown = cards.filter(({ state }) => state !== 'off');
  if (shown.every(({ state }) => state === 'holiday')) {
    return (
      <p className={classes.empty}>
        No market opens today. <NextOpen />
      </p>
    );
  }
  return (
    <ul className={classes.lines}>
      {shown.map((card) => (
        <li key={card.country} className={classes.line} data-testid={`brief-${card.country}`} data-state={card.state}>
          <span className={classes.name} title={card.display_name}>
            {card.display_name}
          </span>
          <span className={classes.quiet}>{openTime(card)}</span>
          {card.session ? <Session session={card.session} /> : <State card={card} />}
        </li>
      ))}
    </ul>
  );
}

function State({ card }: { card: Card }) {
  const words = useEverySecond((_, present) => stateWords(card, present));
  return (
    <span className={classes.state} title={card.missed?.error}>
      {words}
    </span>
  );
}

function Session({ session }: { session: SessionRow }) {
  const precision = usePrecision()(session.traded_symbol);
  const trade = tradeOf(session);
  return (
    <>
      <SignalMark signal={session.bhs} reason={null} testId={`brief-signal-${session.country}`} />
      <span className={classes.trade}>
        {trade ? `${trade.side === 'BUY' ? 'Buy' : 'Sell'} ${formatPrice(trade.entry, precision)}` : ''}
      </span>
      <OutcomeBadge outcome={session.wndw} />
      <span className={classes.pnl}>
        {trade && session.wndw === 'PENDING' ? (
          <LivePnl session={session} trade={trade} />
        ) : (
          trade && <Money usd={session.pnl_usd} />
        )}
      </span>
    </>
  );
}

function LivePnl({ session, trade }: { session: SessionRow; trade: Trade }) {
  const live = useLiveTrade(trade, session.grading_price);
  if (!live) return UNKNOWN;
  return (
    <span className={classes.live} data-old={live.doubt !== null || undefined} title={live.doubt ?? 'As it stands now'}>
      <Money usd={live.usd} />
    </span>
  );
}
