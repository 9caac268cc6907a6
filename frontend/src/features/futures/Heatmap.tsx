import { memo } from 'react';
import { useBoardPart, useEverySecond } from '@/live/hooks';
import { UNKNOWN } from '@/shared/format';
import { SIGNAL_WORDS } from '@/shared/signals';
import { ChangePercent, Price, SymbolButton } from './cells';
import { Suspect } from './deskCells';
import { barLength, changeLevel, type Heat, type Level, MOVED_PCT, STRONGLY_PCT, signalLevel } from './heat';
import classes from './heat.module.css';
import { rowView } from './rowView';
import { type ItemProps, useItemAttributes, type ViewProps } from './useItemAttributes';
import { useRowView } from './useRowView';

/** The tracked instruments as cells of one size, coloured by the strength of their signal or of their change. */
export function Heatmap({ table, tabStop, opened, heat }: ViewProps & { heat: Heat }) {
  const rows = table.getRowModel().rows;
  const largest = useLargestChange(rows.map((row) => row.original.instrument));
  return (
    <>
      <ul className={classes.map} data-testid="futures-heatmap" aria-label="Futures by strength">
        {rows.map((row) => (
          <Cell
            key={row.id}
            instrument={row.original.instrument}
            isTabStop={row.id === tabStop}
            isOpen={row.id === opened}
            heat={heat}
            largest={largest}
          />
        ))}
      </ul>
      <Legend heat={heat} />
    </>
  );
}

/** The board's largest change in per cent, looked at once a second and in steps, so that the cells' bars stand calm. */
function useLargestChange(instruments: readonly ItemProps['instrument'][]): number {
  return useEverySecond(({ store }) => {
    const sizes = instruments.map((each) =>
      Math.abs(rowView(each, store.get(each.symbol)?.quote).change?.percent ?? 0),
    );
    return Math.max(Math.ceil(Math.max(...sizes) * 4) / 4, 0.25);
  });
}

const Cell = memo(function Cell({
  instrument,
  isTabStop,
  isOpen,
  heat,
  largest,
}: ItemProps & { heat: Heat; largest: number }) {
  const view = useRowView(instrument);
  const signal = useBoardPart(view.symbol, (row) => row?.signal ?? null);
  const reason = useBoardPart(view.symbol, (row) => row?.reason ?? null);
  const percent = view.change?.percent ?? null;
  // A signal that does not count now (its session is closed, say) has no colour, but its word.
  const level = heat === 'signal' ? signalLevel(reason === null ? signal : null) : changeLevel(percent);
  return (
    <li className={classes.cell} data-level={level ?? 'none'} {...useItemAttributes(view, isTabStop, isOpen)}>
      <span className={classes.line}>
        <SymbolButton view={view} />
        <span className={classes.word} data-testid={`signal-${view.symbol}`}>
          {[signal && `${SIGNAL_WORDS[signal].icon} ${SIGNAL_WORDS[signal].word}`, reason].filter(Boolean).join(', ') ||
            UNKNOWN}
        </span>
      </span>
      <span className={classes.percent} data-testid={`cell-${view.symbol}-change_pct`}>
        <ChangePercent view={view} />
      </span>
      <span className={classes.line}>
        <span data-testid={`cell-${view.symbol}-last`}>
          <Price value={view.last} precision={view.precision} />
        </span>
        <Suspect symbol={view.symbol} />
      </span>
      <span className={classes.track} aria-hidden="true">
        <span
          className={classes.bar}
          style={{ transform: `scaleX(${(Math.sign(percent ?? 0) * barLength(percent, largest)).toFixed(3)})` }}
        />
      </span>
    </li>
  );
});

const SIGNAL_LEGEND: readonly (readonly [Level, string])[] = [
  [-2, '▼▼ Strong sell'],
  [-1, '▼ Sell'],
  [0, '■ Hold'],
  [1, '▲ Buy'],
  [2, '▲▲ Strong buy'],
  [null, 'no signal'],
];
const CHANGE_LEGEND: readonly (readonly [Level, string])[] = [
  [-2, `−${STRONGLY_PCT}% and less`],
  [-1, `−${MOVED_PCT}%`],
  [0, 'about 0'],
  [1, `+${MOVED_PCT}%`],
  [2, `+${STRONGLY_PCT}% and more`],
];

function Legend({ heat }: { heat: Heat }) {
  return (
    <ul className={classes.legend} aria-label="Colours" data-testid="heat-legend">
      {(heat === 'signal' ? SIGNAL_LEGEND : CHANGE_LEGEND).map(([level, words]) => (
        <li key={words} className={classes.key} data-level={level ?? 'none'}>
          {words}
        </li>
      ))}
      <li className={classes.note}>The bar is the change in per cent, against the largest on the board.</li>
    </ul>
  );
}
