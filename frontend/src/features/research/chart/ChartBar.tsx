import type { RefObject } from 'react';
import type { Instrument } from '@/api/queries';
import type { Timeframe } from '@/api/research';
import { Choice } from '@/shared/Choice';
import { DateField } from '@/shared/DateField';
import research from '../research.module.css';
import { type Question, SECONDS } from './barHistory';
import classes from './chart.module.css';
import { type ChartSearch, type OnChartSearch, TIMEFRAMES } from './chartSearch';
import { DownloadMenu } from './DownloadMenu';
import type { Sight } from './HistoryChart';

interface ChartBarProps {
  instruments: readonly Instrument[];
  search: ChartSearch;
  symbol: string;
  question: Question;
  sight: Sight | null;
  dateField: RefObject<HTMLInputElement | null>;
  onAsk: OnChartSearch;
  onTimeframe: (timeframe: Timeframe) => void;
  onDate: (date: string) => void;
  onNewest: () => void;
}

const PRICES = [
  ['none', 'As traded'],
  ['difference', 'Back-adjusted'],
] as const;
const HOURS = [
  ['all', 'All hours'],
  ['rth', 'RTH'],
] as const;

/** What is shown, and of when. */
export function ChartBar({ instruments, search, symbol, question, sight, dateField, ...act }: ChartBarProps) {
  return (
    <div className={classes.bar}>
      <select
        className={`${research.select} ${classes.symbol}`}
        aria-label="Instrument"
        title="Next, previous: press j, k"
        value={symbol}
        onChange={(event) => act.onAsk({ symbol: event.currentTarget.value })}
      >
        {instruments.map((each) => (
          <option key={each.symbol} value={each.symbol}>
            {`${each.symbol}  ${each.name}`}
          </option>
        ))}
      </select>
      <Choice
        label="Bars of"
        title="Press 1 to 7"
        options={TIMEFRAMES.map((each) => [each, each] as const)}
        value={question.timeframe}
        onChange={act.onTimeframe}
      />
      <Choice
        label="Prices over rolls"
        title="Earlier contracts moved to the newest one's level, or not: press a"
        options={PRICES}
        value={search.adjust ?? 'none'}
        onChange={(adjust) => act.onAsk({ adjust: adjust === 'none' ? undefined : adjust })}
      />
      <Choice
        label="Hours"
        title="All hours, or regular trading hours only: press r"
        options={HOURS}
        value={search.session ?? 'all'}
        onChange={(session) => act.onAsk({ session: session === 'all' ? undefined : session })}
      />
      <span className={classes.end}>
        <DateField
          label="Go to"
          isInline
          field={dateField}
          value={sight?.last.tradeDate ?? null}
          onChange={(date) => date && act.onDate(date)}
        />
        <button
          type="button"
          className={research.button}
          title="Press n"
          disabled={sight?.follows}
          onClick={act.onNewest}
        >
          Newest
        </button>
        <DownloadMenu seen={sight && seenQuery(question, sight)} count={sight?.count ?? 0} />
      </span>
    </div>
  );
}

/** The bars in sight: up to the end of the last. */
function seenQuery(question: Question, { first, last }: Sight) {
  const iso = (ms: number) => new Date(ms).toISOString();
  const width = Math.min(SECONDS[question.timeframe], 3600) * 1000;
  return { ...question, start: iso(first.startMs), end: iso(last.startMs + width) };
}
