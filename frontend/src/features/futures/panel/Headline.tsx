import type { Instrument } from '@/api/queries';
import { formatCount, UNKNOWN } from '@/shared/format';
import { Age, ChangePercent, ChangePoints, Flags, Price, SourceName } from '../cells';
import { Suspect } from '../deskCells';
import { BASELINE_WORDS } from '../rowView';
import { useRowView } from '../useRowView';
import classes from './panel.module.css';

/** The newest quote in figures. */
export function Headline({ instrument }: { instrument: Instrument }) {
  const view = useRowView(instrument);
  const { precision } = view;
  const price = (value: number | null) => <Price value={value} precision={precision} />;
  return (
    <div className={classes.headline}>
      <span className={classes.last} data-testid="panel-last">
        <Price value={view.last} precision={precision} flash />
      </span>
      <span className={classes.change}>
        <ChangePoints view={view} /> <ChangePercent view={view} />
        {view.change && <span className={classes.quiet}>{`from ${BASELINE_WORDS[view.change.baseline]}`}</span>}
      </span>
      <span className={classes.origin}>
        <Suspect symbol={view.symbol} />
        <Flags view={view} />
        <SourceName source={view.source} />
        <Age view={view} />
      </span>
      <dl className={classes.facts}>
        <Fact name="Bid">
          {price(view.bid)} <small>×{formatCount(view.bidSize)}</small>
        </Fact>
        <Fact name="Ask">
          {price(view.ask)} <small>×{formatCount(view.askSize)}</small>
        </Fact>
        <Fact name="Spread">
          {view.spreadTicks === null ? UNKNOWN : `${view.spreadTicks} ${view.spreadTicks === 1 ? 'tick' : 'ticks'}`}
        </Fact>
        <Fact name="Volume">{formatCount(view.volume)}</Fact>
        <Fact name="Open">{price(view.open)}</Fact>
        <Fact name="Settled">{price(view.settlement)}</Fact>
        <Fact name="Prev close">{price(view.close)}</Fact>
        <Fact name="Contract">{view.contract ?? UNKNOWN}</Fact>
      </dl>
    </div>
  );
}

export function Fact({
  name,
  children,
  title,
}: {
  name: string;
  children: React.ReactNode;
  title?: string | undefined;
}) {
  return (
    <div title={title}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
