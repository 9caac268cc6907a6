import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { type Cell, coverageQuery, type QualityRow, qualityQuery, zoneQuery } from '@/api/research';
import { timeIn, zoneName } from '@/shared/clockText';
import { formatCount, UNKNOWN } from '@/shared/format';
import { ProblemAlert } from '@/shared/ProblemAlert';
import research from '../research.module.css';
import classes from './day.module.css';
import { dayOnChart } from './dayLink';
import { Gaps } from './Gaps';
import { STATES } from './grid';
import { dateWords, formatBytes, formatShare, formatSpan } from './words';

/** Keys that repeat go over many cells; only the one where they rest is asked for. */
const REST_MS = 150;

/** A symbol's trade date: what there is of it, and how good it is. */
export function DayPanel({ symbol, date }: { symbol: string | undefined; date: string | undefined }) {
  const [rested] = useDebouncedValue(`${symbol ?? ''} ${date ?? ''}`, REST_MS);
  if (!symbol || !date) {
    return (
      <Frame title="A day">
        <p className={research.quiet}>Choose a cell above to see what there is of it, and how good it is.</p>
      </Frame>
    );
  }
  return (
    <Frame title={`${symbol}, ${dateWords(date)}`}>
      <Link className={classes.link} {...dayOnChart(symbol, date)}>
        On the chart
      </Link>
      {rested === `${symbol} ${date}` ? <Day symbol={symbol} date={date} /> : <p className={research.quiet}>…</p>}
    </Frame>
  );
}

function Frame({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.day} aria-labelledby="day" data-testid="day-panel">
      <h2 id="day">{title}</h2>
      {children}
    </section>
  );
}

function Day({ symbol, date }: { symbol: string; date: string }) {
  const coverage = useQuery(coverageQuery(date, date));
  const quality = useQuery(qualityQuery(date, symbol));
  const zone = useQuery({ ...zoneQuery(symbol), retry: false }).data ?? 'UTC';
  const failed = [coverage, quality].find(({ error, data }) => error && data === undefined);
  if (failed?.error) {
    return (
      <ProblemAlert
        what="The day could not be read"
        error={failed.error}
        onRetry={() => void failed.refetch()}
        retrying={failed.isFetching}
      />
    );
  }
  if (!coverage.data || quality.data === undefined) return <p className={research.quiet}>Reading…</p>;
  const cell = coverage.data.days[0]?.cells.find((each) => each.symbol === symbol);
  return (
    <>
      <Kept cell={cell} />
      {quality.data ? (
        <Quality row={quality.data} zone={zone} />
      ) : (
        <p className={research.quiet} data-testid="no-quality">
          No quality report of this day yet: a run of kind “Quality” makes one.
        </p>
      )}
    </>
  );
}

function Kept({ cell }: { cell: Cell | undefined }) {
  if (!cell) return <p className={research.quiet}>There is nothing of this day, and nothing was expected yet.</p>;
  const { word, means } = STATES[cell.state];
  return (
    <>
      <p>
        <strong data-testid="day-state">{word}</strong>: {means}.
      </p>
      <dl className={classes.facts}>
        <Fact name="Ticks in the lake">{formatCount(cell.ticks)}</Fact>
        <Fact name="Ticks stored" title="In PostgreSQL; older dates are not counted">
          {formatCount(cell.stored)}
        </Fact>
        <Fact name="Size" title="Files of ticks and bars">
          {formatBytes(cell.bytes)}
        </Fact>
        <Fact name="Bars" isLong>
          {cell.bars.join(' ') || UNKNOWN}
        </Fact>
      </dl>
    </>
  );
}

function Quality({ row, zone }: { row: QualityRow; zone: string }) {
  const clock = (at: string | null) => (at === null ? UNKNOWN : timeIn(zone, Date.parse(at)));
  const share = row.open_seconds > 0 ? row.covered_seconds / row.open_seconds : null;
  const zoneWord = zoneName(zone, Date.parse(row.first_at ?? row.made_at));
  return (
    <>
      <dl className={classes.facts} data-testid="day-quality">
        <Fact name="Covered" title={`Of ${formatSpan(row.open_seconds)} open hours, outside gaps`}>
          {formatShare(share)}
        </Fact>
        <Fact name={`Gaps over ${formatSpan(row.gap_seconds)}`}>{formatCount(row.gaps)}</Fact>
        <Fact name="Longest gap">{formatSpan(row.longest_gap_seconds)}</Fact>
        <Fact name={`First tick (${zoneWord})`}>{clock(row.first_at)}</Fact>
        <Fact name={`Last tick (${zoneWord})`}>{clock(row.last_at)}</Fact>
        <Fact name="Crossed" title="The bid is above the ask">
          {formatCount(row.crossed)}
        </Fact>
        <Fact name="Spikes" title="Too far from the price before">
          {formatCount(row.spikes)}
        </Fact>
        <Fact name="Zero, negative">{`${formatCount(row.zero)}, ${formatCount(row.negative)}`}</Fact>
        <Fact name="Duplicates">{formatCount(row.duplicates)}</Fact>
        <Fact name="Conflicts" title="The same event with other values">
          {formatCount(row.conflicts)}
        </Fact>
        <Fact name="Out of order" title="Arrived after one of a later time">
          {formatCount(row.out_of_order)}
        </Fact>
        <Fact name="Sources" isLong>
          {sourceWords(row)}
        </Fact>
      </dl>
      <Gaps row={row} zone={zone} />
    </>
  );
}

/** "TOS 80.0%, MOCK 20.0%". */
function sourceWords({ sources, ticks }: QualityRow): string {
  const found = Object.entries(sources).toSorted(([, a], [, b]) => b - a);
  if (found.length === 1) return found[0]?.[0] ?? UNKNOWN;
  return found.map(([source, count]) => `${source} ${((count / Math.max(ticks, 1)) * 100).toFixed(1)}%`).join(', ');
}

interface FactProps {
  name: string;
  title?: string;
  isLong?: boolean;
  children: ReactNode;
}

function Fact({ name, title, isLong = false, children }: FactProps) {
  return (
    <div title={title} className={isLong ? classes.long : undefined}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
