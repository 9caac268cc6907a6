import { VisuallyHidden } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { memo, useId } from 'react';
import type { Card, SessionRow } from '@/api/marketOpen';
import { useEverySecond } from '@/live/hooks';
import { UNKNOWN } from '@/shared/format';
import { ClockIcon, WarningIcon } from '@/shared/icons';
import { SignalMark } from '@/shared/SignalMark';
import { captureNote, hoursWords, stateWords } from '../shared/cardView';
import { Money } from '../shared/Money';
import { OutcomeBadge, QualityMark } from '../shared/OutcomeBadge';
import { SessionRows } from '../shared/SessionRows';
import { TradeView } from '../shared/TradeView';
import { formatSpan, formatWeight, missingWords } from '../shared/words';
import classes from './today.module.css';

interface MarketCardProps {
  card: Card;
  isOpened: boolean;
  onToggle: (country: string) => void;
}

/** One market's open: before it a countdown, then what was captured, the trade, and what became of it. */
export const MarketCard = memo(function MarketCard({ card, isOpened, onToggle }: MarketCardProps) {
  const { country, display_name, session, state } = card;
  return (
    <li className={classes.card} data-testid={`open-${country}`} data-state={state} data-opened={isOpened || undefined}>
      <div className={classes.head}>
        <h2 className={classes.name}>{display_name}</h2>
        <span className={classes.state}>
          {session ? <OutcomeBadge outcome={session.wndw} testId={`outcome-${country}`} /> : <State card={card} />}
        </span>
        <span className={classes.quiet}>{headWords(card)}</span>
      </div>
      {state === 'missed' && (
        <p className={classes.missed} data-testid={`missed-${country}`}>
          {card.missed?.error ?? 'Thor did not run'}
        </p>
      )}
      {session && <Captured session={session} country={country} isOpened={isOpened} onToggle={onToggle} />}
    </li>
  );
});

/** "China, 09:30 to 15:00 local"; of a market that is called as its country only the times. */
function headWords(card: Card): string {
  const country = card.country.replaceAll('_', ' ');
  const name = country === card.display_name.replaceAll('_', ' ') ? '' : country;
  return [name, hoursWords(card)].filter((word) => word !== '').join(', ');
}

function State({ card }: { card: Card }) {
  const words = useEverySecond((_, present) => stateWords(card, present));
  const StateIcon = card.state === 'missed' ? WarningIcon : ClockIcon;
  return (
    <span className={classes.waiting} data-state={card.state} data-testid={`state-${card.country}`}>
      <StateIcon size={12} />
      {words}
    </span>
  );
}

interface CapturedProps {
  session: SessionRow;
  country: string;
  isOpened: boolean;
  onToggle: (country: string) => void;
}

function Captured({ session, country, isOpened, onToggle }: CapturedProps) {
  const rows = useId();
  const note = captureNote(session);
  return (
    <>
      <Composite session={session} />
      {note && <p className={classes.note}>{note}</p>}
      <TradeView row={session} />
      <Ended session={session} />
      <p className={classes.foot}>
        <button
          type="button"
          className={classes.toggle}
          data-open={country}
          aria-expanded={isOpened}
          aria-controls={rows}
          onClick={() => onToggle(country)}
        >
          <span aria-hidden="true">{isOpened ? '▾' : '▸'}</span> {isOpened ? 'Hide rows' : 'All 12 rows'}
        </button>
        <Link
          className={classes.link}
          to="/futures/market-open/session/$sessionId"
          params={{ sessionId: session.session_id }}
        >
          No. {session.session_number}: path and why
          <VisuallyHidden component="span"> of {session.display_name}</VisuallyHidden>
        </Link>
      </p>
      <div id={rows} hidden={!isOpened}>
        {isOpened && <SessionRows sessionId={session.session_id} />}
      </div>
    </>
  );
}

/** The composite, and what it is made of: all, or whom it lacks and why. */
function Composite({ session }: { session: SessionRow }) {
  const { status, missing, weight, country } = session;
  const isWhole = status === 'LIVE TOTAL';
  return (
    <p className={classes.composite}>
      <SignalMark signal={session.bhs} reason={null} testId={`composite-${country}`} />
      <span title="Sum of the signal weights">{formatWeight(weight)}</span>
      <span className={isWhole ? classes.quiet : classes.partial} data-testid={`status-of-${country}`}>
        {status}
        {missing && missing.length > 0 && `: ${missingWords(missing)}`}
      </span>
    </p>
  );
}

/** What a trade that ended made, and how sure that is. */
function Ended({ session }: { session: SessionRow }) {
  const { wndw, pnl_usd, elapsed_sec, resolution_quality, entry_side, country } = session;
  if (wndw === 'PENDING' || !entry_side) return null;
  return (
    <p className={classes.ended}>
      <strong className={classes.pnl}>
        {pnl_usd === null ? UNKNOWN : <Money usd={pnl_usd} testId={`pnl-${country}`} />}
      </strong>
      <span className={classes.quiet}>
        {wndw === 'EXPIRED' ? 'after the whole window' : `after ${formatSpan(elapsed_sec)}`}
      </span>
      {wndw === 'EXPIRED' && session.mark_to_market_usd !== null && (
        <span className={classes.quiet} title="Closed at its last price; an expired trade counts 0">
          closed then <Money usd={session.mark_to_market_usd} />
        </span>
      )}
      <span className={classes.quality}>
        <QualityMark quality={resolution_quality} always />
      </span>
    </p>
  );
}
