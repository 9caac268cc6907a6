import type { CellState } from '@/api/research';
import { formatCount } from '@/shared/format';
import classes from './coverage.module.css';
import { countBy, type Grid, LEVELS, type Level, levelOf, STATES } from './grid';

interface LegendProps {
  grid: Grid;
  by: 'state' | 'quality';
}

/** What each kind of bar means, and how many cells are of it. */
export function Legend({ grid, by }: LegendProps) {
  const states = countBy(grid, ({ state }) => state);
  const levels = countBy(grid, levelOf);
  const shown = by === 'state' ? (Object.keys(STATES) as CellState[]) : (['empty', 'closed'] as const);
  return (
    <ul className={classes.legend} aria-label="What the bars mean" data-testid="coverage-legend">
      {by === 'quality' &&
        (Object.keys(LEVELS) as Level[]).map((level) => (
          <li key={level} title={LEVELS[level].means}>
            <i className={classes.cell} data-level={level} /> {LEVELS[level].word}{' '}
            <span className={classes.count}>{formatCount(levels.get(level) ?? 0)}</span>
          </li>
        ))}
      {shown.map((state) => (
        <li key={state} title={STATES[state].means}>
          <i className={classes.cell} data-state={state} /> {STATES[state].word}{' '}
          <span className={classes.count}>{formatCount(states.get(state) ?? 0)}</span>
        </li>
      ))}
    </ul>
  );
}
