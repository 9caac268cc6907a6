import { memo } from 'react';
import { formatCount, UNKNOWN } from '@/shared/format';
import classes from './cards.module.css';
import { Age, ChangePercent, ChangePoints, Flags, Price, SourceName, SymbolButton } from './cells';
import { DayRange, Suspect, Vwap, VwapDistance, YearRange } from './deskCells';
import { BASELINE_WORDS } from './rowView';
import { SignalBadge } from './SignalBadge';
import { type ItemProps, useItemAttributes, type ViewProps } from './useItemAttributes';
import { useRowView } from './useRowView';

/** The tracked instruments as cards; small ones where they share the page. */
export function BoardCards({ table, tabStop, opened, isSmall }: ViewProps & { isSmall: boolean }) {
  return (
    <ul className={classes.cards} data-small={isSmall} data-testid="futures-cards" aria-label="Futures: live quotes">
      {table.getRowModel().rows.map((row) => (
        <Card
          key={row.id}
          instrument={row.original.instrument}
          isTabStop={row.id === tabStop}
          isOpen={row.id === opened}
          isSmall={isSmall}
        />
      ))}
    </ul>
  );
}

/** One instrument; renders when its quote changes, its desk's figures by themselves. */
const Card = memo(function Card({ instrument, isTabStop, isOpen, isSmall }: ItemProps & { isSmall: boolean }) {
  const view = useRowView(instrument);
  const { symbol, precision } = view;
  const id = (column: string) => `cell-${symbol}-${column}`;
  return (
    <li className={classes.card} {...useItemAttributes(view, isTabStop, isOpen)}>
      <div className={classes.top}>
        <span className={classes.title}>
          <SymbolButton view={view} />
          <span className={classes.name}>{view.name}</span>
        </span>
        <SignalBadge symbol={symbol} />
      </div>
      <div className={classes.prices}>
        <span className={classes.last} data-testid={id('last')}>
          <Price value={view.last} precision={precision} flash />
        </span>
        <span className={classes.changes}>
          <span data-testid={id('change')}>
            <ChangePoints view={view} />
          </span>
          <span data-testid={id('change_pct')}>
            <ChangePercent view={view} />
          </span>
        </span>
      </div>
      <dl className={classes.figures}>
        <Figure name="Bid" testId={id('bid')}>
          <Price value={view.bid} precision={precision} flash />
          <span className={classes.size}>{`×${formatCount(view.bidSize)}`}</span>
        </Figure>
        <Figure name="Ask" testId={id('ask')}>
          <Price value={view.ask} precision={precision} flash />
          <span className={classes.size}>{`×${formatCount(view.askSize)}`}</span>
        </Figure>
        {!isSmall && (
          <>
            <Figure name="Spread" testId={id('spread_ticks')}>
              {view.spreadTicks === null ? UNKNOWN : `${view.spreadTicks} t`}
            </Figure>
            <Figure name="Volume" testId={id('volume')}>
              {formatCount(view.volume)}
            </Figure>
          </>
        )}
        <Figure name="VWAP" testId={id('vwap')}>
          <Vwap symbol={symbol} precision={precision} />
        </Figure>
        <Figure name="To VWAP" testId={id('vwap_distance')}>
          <VwapDistance symbol={symbol} precision={precision} />
        </Figure>
      </dl>
      <Span name="Day">
        <DayRange symbol={symbol} precision={precision} ends={!isSmall} />
      </Span>
      <Span name="52 w">
        <YearRange symbol={symbol} precision={precision} ends={!isSmall} />
      </Span>
      <div className={classes.foot}>
        <SourceName source={view.source} />
        <Suspect symbol={symbol} />
        <Flags view={view} letters={isSmall} />
        {!isSmall && view.change && (
          <span className={classes.quiet}>{`change from ${BASELINE_WORDS[view.change.baseline]}`}</span>
        )}
        <span className={classes.age} data-testid={id('age')}>
          <Age view={view} />
        </span>
      </div>
    </li>
  );
});

function Figure({ name, testId, children }: { name: string; testId: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testId}>{children}</dd>
    </div>
  );
}

function Span({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className={classes.span}>
      <span className={classes.quiet}>{name}</span>
      {children}
    </div>
  );
}
