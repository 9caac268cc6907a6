import { formatCount } from '@/shared/format';
import { SIGNAL_WORDS } from '@/shared/signals';
import table from '@/shared/table.module.css';
import type { OnFilters } from '../history/FilterBar';
import { changeOf } from '../history/filters';
import { RatePlot, ValuePlot } from './RatePlot';
import {
  baseOf,
  formatInterval,
  formatUsdInterval,
  isOutside,
  levelOf,
  type Scale,
  shortUsd,
  ticksOf,
  valuesScale,
  wholePercent,
} from './rates';
import classes from './rateTables.module.css';
import type { Rate, Stats } from './reads';
import { Section } from './Section';

interface Group {
  readonly key: string;
  readonly name: string;
  readonly rate: Rate;
  /** Filters the page by it; absent where there is no such filter. */
  readonly onPick?: () => void;
}

interface Part {
  readonly name: string;
  readonly groups: readonly Group[];
}

interface RateTablesProps {
  stats: Stats;
  onSearch: OnFilters;
}

/** Hit rate and expected value by market, by day of the week and by signal, with their intervals and base rates. */
export function RateTables({ stats, onSearch }: RateTablesProps) {
  const parts = partsOf(stats, onSearch);
  return (
    <div className={classes.columns}>
      <Section
        id="rates"
        title="Hit rate"
        note={
          <>
            <span className={classes.keyRate}>bar</span> worked of decided,{' '}
            <span className={classes.keyBase}>thin bar</span> by chance, line: 95%; grey: not told apart from chance
          </>
        }
      >
        <HitRates parts={parts} />
      </Section>
      <Section
        id="values"
        title="Expected value"
        note="total P&L / entries, of one contract; line: 95%; grey: not told apart from 0"
      >
        <Values parts={parts} />
      </Section>
    </div>
  );
}

function partsOf(stats: Stats, onSearch: OnFilters): readonly Part[] {
  const pick = (change: Parameters<typeof changeOf>[0]) => () => onSearch(changeOf(change), true);
  const parts: readonly Part[] = [
    {
      name: 'Market',
      groups: stats.by_market.map((rate) => ({
        key: rate.country,
        name: rate.display_name,
        rate,
        onPick: pick({ markets: [rate.country] }),
      })),
    },
    {
      name: 'Day',
      groups: stats.by_day.map((rate) => ({ key: rate.day, name: rate.day, rate, onPick: pick({ days: [rate.day] }) })),
    },
    {
      name: 'Signal',
      groups: stats.by_signal.flatMap((rate) =>
        rate.signal && rate.entries > 0
          ? [{ key: rate.signal, name: SIGNAL_WORDS[rate.signal].word, rate, onPick: pick({ signals: [rate.signal] }) }]
          : [],
      ),
    },
  ];
  return parts.filter(({ groups }) => groups.length > 0);
}

function HitRates({ parts }: { parts: readonly Part[] }) {
  return (
    <table className={`${table.table} ${classes.table}`} data-testid="rates">
      <Heads of="decided" figure="Hit rate (95%)" last="By chance" />
      {parts.map(({ name, groups }) => (
        <tbody key={name}>
          <PartHead name={name} />
          {groups.map(({ key, name: group, rate, onPick }) => (
            <tr key={key} data-testid={`rate-${key}`} data-low-sample={rate.low_sample || undefined}>
              <GroupHead name={group} onPick={onPick} />
              <td className={classes.count}>
                <Sample n={rate.decided} isLow={rate.low_sample} />
              </td>
              <td className={classes.plotCell}>
                <RatePlot
                  rate={rate.hit_rate}
                  interval={rate.hit_rate_interval}
                  base={baseOf(rate)}
                  level={isOutside(baseOf(rate), rate.hit_rate_interval) ? levelOf(rate.hit_rate, baseOf(rate)) : 0}
                  isLowSample={rate.low_sample}
                />
              </td>
              <td className={classes.figure}>
                <strong>{wholePercent(rate.hit_rate)}</strong>
                <small>{formatInterval(rate.hit_rate_interval)}</small>
              </td>
              <td className={classes.last}>{wholePercent(baseOf(rate))}</td>
            </tr>
          ))}
        </tbody>
      ))}
      <tfoot aria-hidden="true">
        <tr>
          <td colSpan={2} />
          <td className={classes.axis}>
            <Axis marks={['0', '25', '50', '75', '100%']} />
          </td>
          <td colSpan={2} />
        </tr>
      </tfoot>
    </table>
  );
}

function Values({ parts }: { parts: readonly Part[] }) {
  const scale = valueScale(parts);
  const marks = ticksOf(scale);
  return (
    <table className={`${table.table} ${classes.table} ${classes.values}`} data-testid="values">
      <Heads of="entries" figure="Expected (95%)" last="Total" />
      {parts.map(({ name, groups }) => (
        <tbody key={name}>
          <PartHead name={name} />
          {groups.map(({ key, name: group, rate, onPick }) => (
            <tr key={key} data-testid={`value-${key}`} data-low-sample={rate.low_sample || undefined}>
              <GroupHead name={group} onPick={onPick} />
              <td className={classes.count}>
                <Sample n={rate.entries} isLow={rate.low_sample} />
              </td>
              <td className={classes.plotCell}>
                <ValuePlot
                  value={rate.expected_value_per_contract}
                  interval={rate.expected_value_interval}
                  scale={scale}
                  marks={marks}
                  isLowSample={rate.low_sample}
                />
              </td>
              <td className={classes.figure}>
                <strong>{shortUsd(rate.expected_value_per_contract, true)}</strong>
                <small>{formatUsdInterval(rate.expected_value_interval)}</small>
              </td>
              <td className={classes.last}>{shortUsd(rate.total_pnl_usd, true)}</td>
            </tr>
          ))}
        </tbody>
      ))}
      <tfoot aria-hidden="true">
        <tr>
          <td colSpan={2} />
          <td className={classes.axis}>
            <Axis marks={[shortUsd(scale.low), shortUsd(scale.high)]} />
          </td>
          <td colSpan={2} />
        </tr>
      </tfoot>
    </table>
  );
}

/** One scale for all groups. */
function valueScale(parts: readonly Part[]): Scale {
  return valuesScale(
    parts.flatMap(({ groups }) =>
      groups.map(({ rate }) => ({
        value: rate.expected_value_per_contract,
        interval: rate.low_sample ? null : rate.expected_value_interval,
      })),
    ),
  );
}

function Heads({ of, figure, last }: { of: string; figure: string; last: string }) {
  return (
    <thead>
      <tr>
        <th scope="col" className={classes.name}>
          <span className={classes.hidden}>Group</span>
        </th>
        <th scope="col" className={classes.count}>
          {of}
        </th>
        <td className={classes.plotCell} />
        <th scope="col" className={classes.figure}>
          {figure}
        </th>
        <th scope="col" className={classes.last}>
          {last}
        </th>
      </tr>
    </thead>
  );
}

function PartHead({ name }: { name: string }) {
  return (
    <tr className={classes.part}>
      <th scope="rowgroup" colSpan={5}>
        {name}
      </th>
    </tr>
  );
}

function GroupHead({ name, onPick }: { name: string; onPick: (() => void) | undefined }) {
  return (
    <th scope="row" className={classes.name}>
      {onPick ? (
        <button type="button" title={`Only ${name}`} onClick={onPick}>
          {name}
        </button>
      ) : (
        name
      )}
    </th>
  );
}

/** The number that a figure rests on; few are marked in words too. */
function Sample({ n, isLow }: { n: number; isLow: boolean }) {
  return (
    <>
      {formatCount(n)}
      {isLow && <small title="Fewer than 30 decided: almost anything is possible">few</small>}
    </>
  );
}

function Axis({ marks }: { marks: readonly string[] }) {
  return (
    <span className={classes.marks}>
      {marks.map((mark) => (
        <span key={mark}>{mark}</span>
      ))}
    </span>
  );
}
