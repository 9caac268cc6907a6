import { useMediaQuery } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { type CoverageAnswer, coverageQuery } from '@/api/research';
import { useEverySecond } from '@/live/hooks';
import { Choice } from '@/shared/Choice';
import { addMonths, DAY_MS, dateMs, isoDate } from '@/shared/dates';
import { ProblemAlert } from '@/shared/ProblemAlert';
import research from '../research.module.css';
import { useKeys } from '../useKeys';
import { CoverageGrid } from './CoverageGrid';
import classes from './coverage.module.css';
import { type DataSearch, MONTHS, type OnDataSearch, type Span } from './dataSearch';
import { dayOnChart } from './dayLink';
import { gridOf, type Place } from './grid';
import { Legend } from './Legend';
import { Summary } from './Summary';
import { dateWords } from './words';

interface CoverageProps {
  search: DataSearch;
  onSearch: OnDataSearch;
}

const SPAN_WORDS = [
  ['year', 'Year'],
  ['quarter', 'Quarter'],
  ['month', 'Month'],
] as const;
const BY_WORDS = [
  ['state', 'State'],
  ['quality', 'Quality'],
] as const;
const NARROW = '(max-width: 760px)';

/** What there is of each trade date, over a year or less. */
export function Coverage({ search, onSearch }: CoverageProps) {
  const isNarrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false }) ?? false;
  const span = search.span ?? (isNarrow ? 'quarter' : 'year');
  const today = useEverySecond((_, present) => isoDate(present));
  const end = search.end ?? today;
  const { data, error, refetch, isFetching, isPlaceholderData } = useQuery({
    ...coverageQuery(firstOf(end, span), end),
    placeholderData: keepPreviousData,
  });
  const step = (by: number) => {
    const next = addMonths(end, by * MONTHS[span]);
    onSearch({ end: next < today ? next : undefined });
  };
  useKeys({ '[': () => step(-1), ']': () => step(1) });
  return (
    <section className={classes.coverage} aria-labelledby="coverage" aria-busy={isPlaceholderData}>
      <div className={classes.top}>
        <h2 id="coverage">Coverage</h2>
        <span className={classes.span} data-testid="coverage-span">
          {`${dateWords(firstOf(end, span))} to ${dateWords(end)}`}
        </span>
        <span className={classes.tools}>
          <button type="button" className={research.button} title="Press [" onClick={() => step(-1)}>
            Earlier
          </button>
          <button
            type="button"
            className={research.button}
            title="Press ]"
            disabled={search.end === undefined}
            onClick={() => step(1)}
          >
            Later
          </button>
          <Choice
            label="Dates"
            options={SPAN_WORDS}
            value={span}
            onChange={(each) => onSearch({ span: each === (isNarrow ? 'quarter' : 'year') ? undefined : each })}
          />
          <Choice
            label="Bars by"
            options={BY_WORDS}
            value={search.by ?? 'state'}
            onChange={(by) => onSearch({ by: by === 'quality' ? by : undefined })}
          />
        </span>
      </div>
      {error && !data && (
        <ProblemAlert
          what="Coverage could not be read"
          error={error}
          onRetry={() => void refetch()}
          retrying={isFetching}
        />
      )}
      {!data && !error && (
        <p className={classes.waiting} role="status" data-testid="coverage-skeleton">
          Reading what there is…
        </p>
      )}
      {data && <Found answer={data} search={search} onSearch={onSearch} />}
    </section>
  );
}

/** So many months back, and the day after. */
const firstOf = (end: string, span: Span): string => isoDate(dateMs(addMonths(end, -MONTHS[span])) + DAY_MS);

function Found({ answer, search, onSearch }: CoverageProps & { answer: CoverageAnswer }) {
  const grid = useMemo(() => gridOf(answer), [answer]);
  const navigate = useNavigate();
  const by = search.by ?? 'state';
  const row = grid.rows.findIndex(({ symbol }) => symbol === search.symbol);
  const column = grid.dates.indexOf(search.date ?? '');
  const chosen = row >= 0 && column >= 0 ? { row, column } : null;
  const choose = (place: Place) => onSearch({ symbol: grid.rows[place.row]?.symbol, date: grid.dates[place.column] });
  const open = () => {
    if (search.symbol && search.date) void navigate(dayOnChart(search.symbol, search.date));
  };
  const isEmpty = answer.summary.first_date === null && answer.days.length === 0;
  return (
    <>
      <Summary summary={answer.summary} />
      {isEmpty ? (
        <NothingYet />
      ) : (
        <>
          <CoverageGrid grid={grid} by={by} chosen={chosen} onChoose={choose} onOpen={open} />
          <Legend grid={grid} by={by} />
        </>
      )}
    </>
  );
}

function NothingYet() {
  return (
    <div className={classes.nothing} data-testid="coverage-empty">
      <h3>There is nothing in the lake, and no tick is stored</h3>
      <p>
        Ticks come from a source that runs, or from files: <code>thor import_ticks --help</code>. What is stored goes to
        the lake when the session ends, by <code>thor export_to_parquet --date</code>, or by a run started below.
      </p>
    </div>
  );
}
