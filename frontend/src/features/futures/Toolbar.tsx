import { TextInput } from '@mantine/core';
import { type RefObject, useMemo } from 'react';
import type { Instrument } from '@/api/queries';
import { useQuoteCount } from '@/live/hooks';
import { Choice } from '@/shared/Choice';
import { SearchIcon } from '@/shared/icons';
import {
  type BoardSearch,
  type OnBoardSearch,
  readSorting,
  type View,
  writeColumns,
  writeSorting,
} from './boardSearch';
import { ColumnChooser } from './ColumnChooser';
import { COLUMNS, type ColumnId } from './columns';
import classes from './futures.module.css';
import toolbar from './toolbar.module.css';

interface ToolbarProps {
  heading: 'h1' | 'h2';
  instruments: readonly Instrument[];
  search: BoardSearch;
  onSearch: OnBoardSearch;
  view: View;
  onView: (view: View) => void;
  filterRef: RefObject<HTMLInputElement | null>;
  /** The table's columns; none where it has none to choose from. */
  shown: readonly ColumnId[];
  columnsOpen: boolean;
  onColumnsOpen: (opened: boolean) => void;
}

const VIEW_WORDS = [
  ['table', 'Table'],
  ['cards', 'Cards'],
  ['heatmap', 'Heatmap'],
] as const;
const HEAT_WORDS = [
  ['signal', 'Signal'],
  ['change', 'Change'],
] as const;

/** What names the board, and how it is shown. */
export function Toolbar(props: ToolbarProps) {
  const { heading: Heading, instruments, search, onSearch, view, onView, filterRef, shown } = props;
  return (
    <div className={classes.bar}>
      <Heading className={classes.heading}>Future Trading</Heading>
      <QuoteCount instruments={instruments} />
      <div className={classes.tools}>
        {view === 'heatmap' && (
          <Choice
            label="Colour by"
            options={HEAT_WORDS}
            value={search.heat ?? 'signal'}
            onChange={(heat) => onSearch({ heat: heat === 'signal' ? undefined : heat })}
          />
        )}
        {view !== 'table' && <Order sort={search.sort} onSort={(sort) => onSearch({ sort })} />}
        {view === 'table' && shown.length > 0 && (
          <ColumnChooser
            shown={shown}
            isChosen={search.cols !== undefined}
            opened={props.columnsOpen}
            onOpened={props.onColumnsOpen}
            onChoose={(ids) => onSearch({ cols: writeColumns(ids) })}
          />
        )}
        <Choice label="View" options={VIEW_WORDS} value={view} onChange={onView} title="Press v" shortcut="v" />
        <TextInput
          ref={filterRef}
          className={classes.filter}
          size="xs"
          type="search"
          placeholder="Filter"
          aria-label="Filter symbols"
          aria-keyshortcuts="/"
          title="Filter symbols: press / to come here, Escape to leave"
          leftSection={<SearchIcon size={14} />}
          value={search.q ?? ''}
          onChange={(event) => onSearch({ q: event.currentTarget.value || undefined })}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            onSearch({ q: undefined });
            event.currentTarget.blur();
          }}
        />
      </div>
    </div>
  );
}

/** "9 of 11 quoted", while some are missing. */
function QuoteCount({ instruments }: { instruments: readonly Instrument[] }) {
  const symbols = useMemo(() => instruments.map(({ symbol }) => symbol), [instruments]);
  const quoted = useQuoteCount(symbols);
  if (quoted === symbols.length) return null;
  return <span className={classes.count}>{`${quoted} of ${symbols.length} quoted`}</span>;
}

const ORDERS = COLUMNS.filter(({ sortBy }) => sortBy);

/** The order where there are no headers to click. */
function Order({ sort, onSort }: { sort: string | undefined; onSort: (sort: string | undefined) => void }) {
  const sorting = readSorting(sort);
  return (
    <>
      <select
        className={toolbar.order}
        aria-label="Order by"
        value={sorting?.id ?? ''}
        onChange={({ currentTarget: { value } }) =>
          onSort(value === '' ? undefined : writeSorting({ id: value, desc: value !== 'symbol' }))
        }
      >
        <option value="">Watch list</option>
        {ORDERS.map(({ id, header, name = header }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      {sorting && (
        <button
          type="button"
          className={toolbar.button}
          aria-label={sorting.desc ? 'Highest first' : 'Lowest first'}
          onClick={() => onSort(writeSorting({ ...sorting, desc: !sorting.desc }))}
        >
          {sorting.desc ? '↓' : '↑'}
        </button>
      )}
    </>
  );
}
