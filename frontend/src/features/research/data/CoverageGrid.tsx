import { type KeyboardEvent, type MouseEvent, memo, useState } from 'react';
import type { Cell } from '@/api/research';
import classes from './coverage.module.css';
import { type Grid, type GridRow, levelOf, type Month, type Place, stepTo } from './grid';
import { cellWords } from './words';

interface CoverageGridProps {
  grid: Grid;
  by: 'state' | 'quality';
  chosen: Place | null;
  onChoose: (place: Place) => void;
  onOpen: () => void;
}

const idOf = (row: number, column: number) => `cell-${row}-${column}`;

/** Symbols by trade dates, a bar a cell; one tab stop, arrows go from cell to cell. */
export function CoverageGrid({ grid, by, chosen, onChoose, onOpen }: CoverageGridProps) {
  const [hovered, setHovered] = useState<Place | null>(null);
  const active = chosen ?? { row: 0, column: grid.dates.length - 1 };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = stepTo(event.key, active, grid);
    if (to) onChoose(to);
    else if (event.key === 'Enter' && chosen) onOpen();
    else return;
    event.preventDefault();
  };
  const shown = hovered ?? chosen;
  const row = shown && grid.rows[shown.row];
  const date = shown && grid.dates[shown.column];
  return (
    <div className={classes.figure}>
      <p className={classes.line} data-testid="cell-words">
        {row && date ? cellWords(row.symbol, date, row.cells[shown.column]) : 'Choose a cell by pointer or arrows.'}
      </p>
      <table
        className={classes.grid}
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table that arrows go through is a grid
        role="grid"
        tabIndex={0}
        aria-label="What there is, by instrument and trade date"
        aria-activedescendant={chosen ? idOf(chosen.row, chosen.column) : undefined}
        data-testid="coverage-grid"
        data-by={by}
        onKeyDown={onKeyDown}
        onFocus={() => !chosen && onChoose(active)}
        onMouseOver={(event) => setHovered(placeUnder(event))}
        onMouseLeave={() => setHovered(null)}
        onClick={(event) => {
          const place = placeUnder(event);
          if (place) onChoose(place);
        }}
      >
        <Head months={grid.months} />
        <tbody>
          {grid.rows.map((each, i) => (
            <Row
              key={each.symbol}
              row={each}
              index={i}
              dates={grid.dates}
              by={by}
              chosen={chosen?.row === i ? chosen.column : null}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function placeUnder({ target }: MouseEvent): Place | null {
  const cell = target instanceof Element ? target.closest<HTMLElement>('td[data-column]') : null;
  return cell ? { row: Number(cell.dataset.row), column: Number(cell.dataset.column) } : null;
}

const monthName = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'short' });

/** Dates of a month that leave no room for its name. */
const TOO_FEW = 6;

function Head({ months }: { months: readonly Month[] }) {
  return (
    <thead>
      <tr>
        <td className={classes.corner} />
        {months.map(({ name, dates }, i) => (
          <th key={name} scope="colgroup" colSpan={dates} data-narrow={dates < TOO_FEW || undefined}>
            {monthWords(name, i === 0)}
          </th>
        ))}
      </tr>
    </thead>
  );
}

/** "Nov"; with the year at first and each January: "Nov 25". */
function monthWords(name: string, isFirst: boolean): string {
  const month = monthName.format(Date.parse(`${name}-01T00:00:00Z`));
  return isFirst || name.endsWith('-01') ? `${month} ${name.slice(2, 4)}` : month;
}

interface RowProps {
  row: GridRow;
  index: number;
  dates: readonly string[];
  by: 'state' | 'quality';
  chosen: number | null;
}

/** Hundreds of cells: it renders only when its own choice changes. */
const Row = memo(function Row({ row, index, dates, by, chosen }: RowProps) {
  return (
    <tr data-testid={`coverage-${row.symbol}`}>
      <th scope="row">{row.symbol}</th>
      {dates.map((date, i) => {
        const cell = row.cells[i];
        return (
          <td
            key={date}
            id={idOf(index, i)}
            className={classes.cell}
            aria-label={cellWords(row.symbol, date, cell)}
            data-chosen={chosen === i || undefined}
            data-row={index}
            data-column={i}
            data-date={date}
            data-first={(i > 0 && dates[i - 1]?.slice(0, 7) !== date.slice(0, 7)) || undefined}
            {...lookOf(cell, by)}
          />
        );
      })}
    </tr>
  );
});

function lookOf(cell: Cell | undefined, by: 'state' | 'quality') {
  const level = by === 'quality' ? levelOf(cell) : null;
  if (by === 'state' || level === null) {
    const isQuiet = by === 'quality' && cell && cell.state !== 'empty' && cell.state !== 'closed';
    return { 'data-state': isQuiet ? undefined : cell?.state };
  }
  const share = cell?.quality?.coverage ?? 1;
  return {
    'data-level': level,
    style: { '--filled': `${Math.max(Math.round(share * 100), 12)}%` } as React.CSSProperties,
  };
}
