import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { SessionAnswer, SessionRow } from '@/api/marketOpen';
import { useMarkets } from '@/live/hooks';
import { timeIn } from '@/shared/clockText';
import { ProblemAlert } from '@/shared/ProblemAlert';
import { SignalMark } from '@/shared/SignalMark';
import { captureNote, dateWords } from '../shared/cardView';
import { Money } from '../shared/Money';
import { OutcomeBadge, QualityMark } from '../shared/OutcomeBadge';
import { pathQuery, useSession } from '../shared/queries';
import { SessionTable } from '../shared/SessionTable';
import { TradeView } from '../shared/TradeView';
import { usePrecision } from '../shared/useInstruments';
import { useSnapshot } from '../shared/useSnapshot';
import { formatWeight, missingWords } from '../shared/words';
import { Audit } from './Audit';
import { PathChart } from './PathChart';
import type { OnPathSearch, PathSearch } from './pathSearch';
import { QuotesAround } from './QuotesAround';
import { RowFacts } from './RowFacts';
import classes from './session.module.css';
import { whyWords } from './why';

interface SessionPageProps {
  sessionId: string;
  search: PathSearch;
  onSearch: OnPathSearch;
}

/** One open in full: what was captured, the trade, the prices that decided it, and the records that prove it. */
export function SessionPage({ sessionId, search, onSearch }: SessionPageProps) {
  useSnapshot();
  const { data, error, refetch, isFetching } = useSession(sessionId);
  if (data) return <Session session={data} search={search} onSearch={onSearch} />;
  return (
    <main className={classes.page}>
      {error ? (
        <>
          <h1 className={classes.heading}>{sessionId}</h1>
          <ProblemAlert
            what="The session could not be loaded"
            error={error}
            onRetry={() => void refetch()}
            retrying={isFetching}
          />
        </>
      ) : (
        <div role="status" aria-label="Loading the session" data-testid="session-skeleton">
          <Skeleton height={420} radius="sm" />
        </div>
      )}
    </main>
  );
}

interface SessionProps {
  session: SessionAnswer;
  search: PathSearch;
  onSearch: OnPathSearch;
}

function Session({ session, search, onSearch }: SessionProps) {
  const zone = useZone(session.country);
  const total = session.rows.at(-1);
  const row = session.rows.find(({ symbol }) => symbol === search.symbol) ?? total;
  const precision = usePrecision()(row?.traded_symbol ?? '');
  if (!row || !total) return null;
  const choose = (symbol: string) => onSearch({ symbol: symbol === total.symbol ? undefined : symbol });
  return (
    <main className={classes.page} data-testid="session" data-session={session.session_id}>
      <Head session={session} total={total} zone={zone} />
      <div className={classes.split}>
        <Path row={row} precision={precision} zone={zone} />
        <Why row={row} precision={precision} zone={zone} />
      </div>
      <section className={classes.section} aria-labelledby="rows">
        <h2 id="rows">The 12 rows</h2>
        <SessionTable
          rows={session.rows}
          label={`${session.display_name}, ${session.trade_date}`}
          chosen={row.symbol}
          onChoose={choose}
          audit={session.audit}
        />
      </section>
      <RowFacts row={row} precision={precision} />
      <Audit records={session.audit} />
    </main>
  );
}

/** The market's zone; UTC until it is known. */
function useZone(country: string): string {
  const { data } = useMarkets();
  return data?.markets.find((market) => market.country === country)?.timezone ?? 'UTC';
}

function Head({ session, total, zone }: { session: SessionAnswer; total: SessionRow; zone: string }) {
  const opened = Date.parse(session.opened_at);
  const note = captureNote(total);
  return (
    <header className={classes.head}>
      <p className={classes.quiet}>
        <Link to="/futures/market-open/today" search={{ date: session.trade_date }}>
          {dateWords(session.trade_date)}
        </Link>
      </p>
      <h1 className={classes.heading}>
        {session.display_name}, session {session.session_number}
      </h1>
      <p className={classes.line}>
        <span>
          Opened {timeIn(zone, opened)} <span className={classes.quiet}>local, {timeIn('UTC', opened)} UTC</span>
        </span>
        {note ? (
          <span className={classes.note}>{note}</span>
        ) : (
          <span className={classes.quiet}>captured at the open</span>
        )}
      </p>
      <p className={classes.line}>
        <SignalMark signal={total.bhs} reason={null} testId="session-composite" />
        <span title="Sum of the signal weights">{formatWeight(total.weight)}</span>
        <span className={total.status === 'LIVE TOTAL' ? classes.quiet : classes.note}>
          {total.status}
          {total.missing && total.missing.length > 0 && `: ${missingWords(total.missing)}`}
        </span>
      </p>
    </header>
  );
}

interface PartProps {
  row: SessionRow;
  precision: number;
  zone: string;
}

const RUNNING_EVERY_MS = 5_000;

function usePath(row: SessionRow) {
  const query = pathQuery(row.session_id, row.symbol);
  return useQuery({ ...query, refetchInterval: row.wndw === 'PENDING' ? RUNNING_EVERY_MS : false });
}

function Path({ row, precision, zone }: PartProps) {
  const { data, error, refetch, isFetching } = usePath(row);
  const [isNear, setNear] = useState(false);
  const hasDecided = data?.quotes.some(({ is_deciding }) => is_deciding) ?? false;
  return (
    <section className={classes.path} aria-labelledby="path">
      <div className={classes.bar}>
        <h2 id="path">
          {row.symbol === row.traded_symbol ? row.symbol : `${row.symbol}: the ${row.traded_symbol} trade`}
        </h2>
        {hasDecided && (
          <button type="button" aria-pressed={isNear} onClick={() => setNear(!isNear)}>
            Around the outcome
          </button>
        )}
      </div>
      {data && data.points.length > 0 && (
        <PathChart path={data} isNear={isNear && hasDecided} precision={precision} zone={zone} />
      )}
      {data?.points.length === 0 && (
        <p className={classes.empty} data-testid="path-empty">
          No quotes of {row.traded_symbol} are stored for this time.
        </p>
      )}
      {!data && error && (
        <ProblemAlert
          what="The prices could not be loaded"
          error={error}
          onRetry={() => void refetch()}
          retrying={isFetching}
        />
      )}
      {!data && !error && <Skeleton height={322} radius="sm" />}
      {data && hasDecided && <QuotesAround path={data} precision={precision} zone={zone} />}
    </section>
  );
}

function Why({ row, precision, zone }: PartProps) {
  return (
    <section className={classes.why} aria-labelledby="why">
      <div className={classes.bar}>
        <h2 id="why">Outcome</h2>
        <OutcomeBadge outcome={row.wndw} testId="session-outcome" />
        {row.entry_side && row.wndw !== 'PENDING' && (
          <strong>
            <Money usd={row.pnl_usd} testId="session-pnl" />
          </strong>
        )}
        <QualityMark quality={row.resolution_quality} always />
      </div>
      <TradeView row={row} />
      <div className={classes.words} data-testid="why">
        {whyWords(row, precision, zone).map((words) => (
          <p key={words}>{words}</p>
        ))}
      </div>
    </section>
  );
}
