import { useCallback, useRef, useState } from 'react';
import type { TodayAnswer } from '@/api/marketOpen';
import { isWeekend, stepWeekday } from '@/shared/dates';
import { ProblemAlert } from '@/shared/ProblemAlert';
import { dateWords } from '../shared/cardView';
import { NextOpen } from '../shared/NextOpen';
import { useToday } from '../shared/queries';
import { StaleNote } from '../shared/StaleNote';
import { SummaryBar } from '../shared/SummaryBar';
import { useSnapshot } from '../shared/useSnapshot';
import { MarketCard } from './MarketCard';
import { TodaySkeleton } from './TodaySkeleton';
import classes from './today.module.css';
import type { OnTodaySearch, TodaySearch } from './todaySearch';
import { useTodayKeys } from './useTodayKeys';

interface TodayPageProps {
  search: TodaySearch;
  onSearch: OnTodaySearch;
}

/** The opens of a date, market by market, as they come, are captured and graded. */
export function TodayPage({ search, onSearch }: TodayPageProps) {
  const { data, error, refetch, isFetching } = useToday(search.date);
  useSnapshot();
  const cards = useRef<HTMLUListElement>(null);
  const date = search.date ?? data?.date;
  const step = useCallback((by: 1 | -1) => date && onSearch({ date: stepWeekday(date, by) }, true), [date, onSearch]);
  useTodayKeys(cards, step);
  return (
    <main className={classes.page}>
      <div className={classes.bar}>
        <h1 className={classes.heading}>Market opens</h1>
        {date && <Days date={date} isPresent={!search.date} step={step} onSearch={onSearch} />}
        {data && error && <StaleNote asOf={data.as_of} />}
      </div>
      {data && <Opens answer={data} cards={cards} />}
      {!data && error && (
        <ProblemAlert
          what="The market opens could not be loaded"
          error={error}
          onRetry={() => void refetch()}
          retrying={isFetching}
        />
      )}
      {!data && !error && <TodaySkeleton />}
    </main>
  );
}

interface DaysProps {
  date: string;
  isPresent: boolean;
  step: (by: 1 | -1) => void;
  onSearch: OnTodaySearch;
}

/** The date that is shown, and the way to others. */
function Days({ date, isPresent, step, onSearch }: DaysProps) {
  return (
    <div className={classes.days}>
      <button type="button" aria-label="Previous day" title="Press [" onClick={() => step(-1)}>
        ‹
      </button>
      <strong data-testid="opens-date" data-date={date}>
        {dateWords(date)}
      </strong>
      <button type="button" aria-label="Next day" title="Press ]" onClick={() => step(1)}>
        ›
      </button>
      <input
        type="date"
        aria-label="Go to a date"
        value={date}
        onChange={({ currentTarget: { value } }) => value !== '' && onSearch({ date: value }, true)}
      />
      {!isPresent && (
        <button type="button" className={classes.now} onClick={() => onSearch({ date: undefined }, true)}>
          Today
        </button>
      )}
    </div>
  );
}

interface OpensProps {
  answer: TodayAnswer;
  cards: React.RefObject<HTMLUListElement | null>;
}

function Opens({ answer, cards }: OpensProps) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback(
    (country: string) =>
      setOpened((before) => (before.has(country) ? without(before, country) : new Set([...before, country]))),
    [],
  );
  const isQuiet = answer.markets.every(({ state }) => state === 'holiday' || state === 'off');
  return (
    <>
      <SummaryBar summary={answer.summary} />
      {isQuiet && (
        <p className={classes.empty} data-testid="opens-empty">
          {isWeekend(Date.parse(answer.date)) ? 'No market opens on a weekend.' : 'No market opens on this date.'}{' '}
          <NextOpen />
        </p>
      )}
      <ul ref={cards} className={classes.cards} aria-label={`Opens of ${dateWords(answer.date)}`} data-testid="opens">
        {answer.markets.map((card) => (
          <MarketCard
            key={`${answer.date} ${card.country}`}
            card={card}
            isOpened={opened.has(card.country)}
            onToggle={toggle}
          />
        ))}
      </ul>
    </>
  );
}

function without(values: ReadonlySet<string>, value: string): ReadonlySet<string> {
  return new Set([...values].filter((each) => each !== value));
}
