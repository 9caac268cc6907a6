import { VisuallyHidden } from '@mantine/core';
import { formatCount } from '@/shared/format';
import { changeOf, choiceOf } from '../history/filters';
import type { AnalyticsSearch, OnAnalyticsSearch } from './analyticsSearch';
import { Legend } from './Legend';
import classes from './map.module.css';
import { type Cell, marketDays } from './marketDays';
import { baseOf, formatInterval, formatPoints, isOutside, levelOf, wholePercent } from './rates';
import type { Stats } from './reads';
import { Section } from './Section';

interface MarketDayMapProps {
  stats: Stats;
  search: AnalyticsSearch;
  onSearch: OnAnalyticsSearch;
}

/** Markets by days of the week, coloured by hit rate less base rate; a cell filters the page to itself, and back. */
export function MarketDayMap({ stats, search, onSearch }: MarketDayMapProps) {
  const { days, rows } = marketDays(stats);
  const { markets, days: chosenDays } = choiceOf(search);
  const isChosen = ({ country, day }: Cell) => isOnly(markets, country) && isOnly(chosenDays, day);
  const onCell = (cell: Cell) =>
    onSearch(
      changeOf(isChosen(cell) ? { markets: [], days: [] } : { markets: [cell.country], days: [cell.day] }),
      true,
    );
  return (
    <Section id="map" title="Market and day" note="hit rate, per cent points from chance, number decided">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section className={classes.scroll} tabIndex={0} aria-label="Hit rate by market and day">
        <table className={classes.map} data-testid="market-day-map">
          <thead>
            <tr>
              <td />
              {days.map((day) => (
                <th key={day} scope="col">
                  {day}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ country, name, cells }) => (
              <tr key={country}>
                <th scope="row">{name}</th>
                {cells.map((cell, i) => (
                  <td key={days[i]}>
                    {cell ? (
                      <MapCell cell={cell} name={name} isChosen={isChosen(cell)} onPick={() => onCell(cell)} />
                    ) : (
                      <span className={classes.none}>no session</span>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <Legend />
    </Section>
  );
}

const isOnly = (chosen: readonly string[], value: string): boolean => chosen.length === 1 && chosen[0] === value;

interface MapCellProps {
  cell: Cell;
  name: string;
  isChosen: boolean;
  onPick: () => void;
}

function MapCell({ cell, name, isChosen, onPick }: MapCellProps) {
  const base = baseOf(cell);
  const { hit_rate: rate, hit_rate_interval: interval, decided, day } = cell;
  const level = levelOf(rate, base);
  const words = `${name} on ${day}s: ${wholePercent(rate)} of ${decided} decided worked, by chance ${wholePercent(base)}, 95%: ${formatInterval(interval)}${cell.low_sample ? ', low sample' : ''}`;
  return (
    <button
      type="button"
      className={classes.cell}
      data-testid={`cell-${cell.country}-${day}`}
      data-level={level ?? 'none'}
      data-low-sample={cell.low_sample || undefined}
      aria-pressed={isChosen}
      title={`${words}. Press to look at it alone.`}
      onClick={onPick}
    >
      <VisuallyHidden>
        {name}, {day}:
      </VisuallyHidden>
      <span className={classes.rate}>
        {wholePercent(rate)}
        {isOutside(base, interval) && <span className={classes.apart}> ●</span>}
      </span>
      <span className={classes.facts}>
        <span>{rate !== null && base !== null && formatPoints(rate - base)}</span>
        <span>n {formatCount(decided)}</span>
      </span>
    </button>
  );
}
