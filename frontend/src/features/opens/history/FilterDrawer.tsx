import '@mantine/core/styles/Overlay.css';
import '@mantine/core/styles/Paper.css';
import '@mantine/core/styles/CloseButton.css';
import '@mantine/core/styles/ModalBase.css';
import '@mantine/core/styles/Drawer.css';
import { Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { instrumentsQuery } from '@/api/queries';
import { useLive, useMarkets } from '@/live/hooks';
import { DateField } from '@/shared/DateField';
import { SIGNAL_WORDS } from '@/shared/signals';
import { OUTCOME_WORDS } from '../shared/words';
import classes from './drawer.module.css';
import type { OnFilters } from './FilterBar';
import {
  changeOf,
  choiceOf,
  DAYS,
  type FilterChoice,
  type FilterSearch,
  KINDS,
  kindWord,
  NO_FILTERS,
  OUTCOMES,
  SIGNALS,
  TOTAL,
} from './filters';
import { presetsAt } from './presets';

interface FilterDrawerProps {
  opened: boolean;
  onClose: () => void;
  search: FilterSearch;
  onSearch: OnFilters;
  found: string;
}

/** The filters; each acts at once. */
export default function FilterDrawer({ opened, onClose, search, onSearch, found }: FilterDrawerProps) {
  const choice = choiceOf(search);
  const choose = (change: Partial<FilterChoice>) => onSearch(changeOf(change));
  return (
    // A locked page would need a style element of its own, which the Content-Security-Policy refuses.
    <Drawer.Root opened={opened} onClose={onClose} position="right" size={400} lockScroll={false}>
      <Drawer.Overlay />
      <Drawer.Content>
        <div className={classes.top}>
          <Drawer.Title>Filters</Drawer.Title>
          <Drawer.CloseButton aria-label="Close the filters" />
        </div>
        <Drawer.Body data-testid="filter-drawer">
          <Markets choice={choice} choose={choose} />
          <Checks
            name="Day of the week"
            options={DAYS.map((day) => [day, day])}
            chosen={choice.days}
            onChange={(days) => choose({ days })}
          />
          <Dates choice={choice} choose={choose} />
          <Checks
            name="Outcome"
            options={OUTCOMES.map((each) => [each, OUTCOME_WORDS[each].word])}
            chosen={choice.outcomes}
            onChange={(outcomes) => choose({ outcomes })}
          />
          <Checks
            name="Signal"
            options={SIGNALS.map((each) => [each, `${SIGNAL_WORDS[each].icon} ${SIGNAL_WORDS[each].word}`])}
            chosen={choice.signals}
            onChange={(signals) => choose({ signals })}
          />
          <Checks
            name="Captured"
            options={KINDS.map((each) => [each, kindWord(each)])}
            chosen={choice.kinds}
            onChange={(kinds) => choose({ kinds })}
          />
          <Symbols choice={choice} choose={choose} />
          <div className={classes.end}>
            <span role="status">{found}</span>
            <button type="button" onClick={() => onSearch(NO_FILTERS)}>
              Clear all
            </button>
            <button type="button" className={classes.done} onClick={onClose}>
              Done
            </button>
          </div>
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}

interface PartProps {
  choice: FilterChoice;
  choose: (change: Partial<FilterChoice>) => void;
}

/** Those of the world clock, and those in the address that it does not follow any more. */
function Markets({ choice, choose }: PartProps) {
  const { data } = useMarkets();
  const followed = (data?.markets ?? []).map(({ country, display_name }) => [country, display_name] as const);
  const others = choice.markets.filter((market) => !followed.some(([country]) => country === market));
  return (
    <Checks
      name="Market"
      options={[...followed, ...others.map((market) => [market, market] as const)]}
      chosen={choice.markets}
      onChange={(markets) => choose({ markets })}
    />
  );
}

function Dates({ choice, choose }: PartProps) {
  const session = useLive();
  return (
    <Part name="Dates">
      <div className={classes.dates}>
        <DateField label="From" value={choice.from} onChange={(from) => choose({ from })} />
        <DateField label="Until" value={choice.until} onChange={(until) => choose({ until })} />
      </div>
      <div className={classes.presets}>
        {presetsAt(session.present()).map(({ name, from }) => (
          <button key={name} type="button" onClick={() => choose({ from, until: null })}>
            {name}
          </button>
        ))}
      </div>
    </Part>
  );
}

function Symbols({ choice, choose }: PartProps) {
  const { data = [] } = useQuery(instrumentsQuery);
  const symbols = [...new Set([TOTAL, ...data.map(({ symbol }) => symbol), choice.symbol])];
  return (
    <Part name="Whose trade">
      <select
        aria-label="Whose trade"
        value={choice.symbol}
        onChange={(event) => choose({ symbol: event.currentTarget.value })}
      >
        {symbols.map((symbol) => (
          <option key={symbol} value={symbol}>
            {symbol === TOTAL ? 'TOTAL: YM in the composite’s direction' : symbol}
          </option>
        ))}
      </select>
    </Part>
  );
}

function Part({ name, children }: { name: string; children: ReactNode }) {
  return (
    <fieldset className={classes.part}>
      <legend>{name}</legend>
      {children}
    </fieldset>
  );
}

interface ChecksProps<T extends string> {
  name: string;
  options: readonly (readonly [value: T, word: string])[];
  /** None: all. */
  chosen: readonly T[];
  onChange: (chosen: T[]) => void;
}

/** Any of a few. */
function Checks<T extends string>({ name, options, chosen, onChange }: ChecksProps<T>) {
  const toggle = (value: T) =>
    onChange(options.map(([each]) => each).filter((each) => chosen.includes(each) !== (each === value)));
  return (
    <Part name={name}>
      <div className={classes.checks}>
        {options.map(([value, word]) => (
          <label key={value}>
            <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
            {word}
          </label>
        ))}
      </div>
    </Part>
  );
}
