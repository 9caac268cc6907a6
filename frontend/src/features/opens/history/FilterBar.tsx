import { useDisclosure } from '@mantine/hooks';
import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { useMarkets } from '@/live/hooks';
import { CloseIcon } from '@/shared/icons';
import { isTaken } from '@/shared/keys';
import { choiceOf, countFilters, type FilterChange, type FilterSearch, filterWords, NO_FILTERS } from './filters';
import classes from './history.module.css';

const FilterDrawer = lazy(() => import('./FilterDrawer'));

/** Writes filters into the address; a `step` is one that "back" leads back from. */
export type OnFilters = (change: FilterChange, step?: boolean) => void;

interface FilterBarProps {
  search: FilterSearch;
  onSearch: OnFilters;
  /** What the filters find, in words: "120 sessions". */
  found: string;
}

/** What is filtered, each filter with its way out, and the drawer in which they are set. */
export function FilterBar({ search, onSearch, found }: FilterBarProps) {
  const [opened, { open, close }] = useDisclosure(false);
  const [wanted, setWanted] = useState(false);
  const nameOf = useMarketName();
  const count = countFilters(search);
  const show = useCallback(() => {
    setWanted(true);
    open();
  }, [open]);
  useFilterKey(show);
  return (
    <div className={classes.filters} data-testid="filters">
      <button
        type="button"
        className={classes.button}
        aria-haspopup="dialog"
        aria-keyshortcuts="f"
        title="Filters: press f"
        onClick={show}
      >
        Filters{count > 0 ? ` (${count})` : ''}
      </button>
      {filterWords(choiceOf(search), nameOf).map(({ name, words }) => (
        <button
          key={name}
          type="button"
          className={classes.chip}
          aria-label={`Remove the filter ${words}`}
          title="Remove this filter"
          data-testid={`filter-${name}`}
          onClick={() => onSearch({ [name]: undefined }, true)}
        >
          {words}
          <CloseIcon size={12} />
        </button>
      ))}
      {count > 1 && (
        <button type="button" className={classes.link} onClick={() => onSearch(NO_FILTERS, true)}>
          Clear all
        </button>
      )}
      {wanted && (
        <Suspense fallback={null}>
          <FilterDrawer opened={opened} onClose={close} {...{ search, onSearch, found }} />
        </Suspense>
      )}
    </div>
  );
}

/** A market's name by its key; the key where it is not known. */
export function useMarketName(): (market: string) => string {
  const { data } = useMarkets();
  return (market) => data?.markets.find(({ country }) => country === market)?.display_name ?? market;
}

/** "f" shows the filters. */
function useFilterKey(show: () => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'f' || isTaken(event)) return;
      event.preventDefault();
      show();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [show]);
}
