import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { sourcesQuery } from '@/api/queries';
import { useActiveSources } from '@/live/hooks';
import { pageNamespace } from '@/shared/namespace';
import { describeSource } from '@/shared/source';
import classes from './connection.module.css';
import { type SourceState, shownSources, sourceState } from './sourceState';

const HealthDrawer = lazy(() => import('./HealthDrawer'));

/** Badges of the sources in use; they open the health of all sources. */
export function SourceBadges() {
  const counts = useActiveSources();
  const { data: rows = [] } = useQuery(sourcesQuery);
  const [opened, { open, close }] = useDisclosure(false);
  const [wanted, setWanted] = useState(false);
  const sources = shownSources(counts, rows);
  return (
    <>
      <button
        type="button"
        className={classes.badges}
        title="Source health"
        aria-haspopup="dialog"
        onClick={() => {
          setWanted(true);
          open();
        }}
      >
        {sources.length === 0 && (
          <span className={classes.badge} data-testid="source-badge" data-origin="none">
            No source
          </span>
        )}
        {sources.map((source) => (
          <SourceBadge
            key={source}
            source={source}
            symbols={sources.length > 1 ? counts.get(source) : undefined}
            state={sourceState(rows, source)}
          />
        ))}
      </button>
      {wanted && (
        <Suspense fallback={null}>
          <HealthDrawer opened={opened} onClose={close} />
        </Suspense>
      )}
    </>
  );
}

interface SourceBadgeProps {
  source: string;
  /** Number of symbols that it gives, where there are several sources. */
  symbols: number | undefined;
  state: SourceState | null;
}

function SourceBadge({ source, symbols, state }: SourceBadgeProps) {
  const { label, short, origin } = describeSource(source, pageNamespace() !== '');
  const isWell = state === null || state === 'connected';
  return (
    <span
      className={classes.badge}
      data-testid="source-badge"
      data-source={source}
      data-origin={origin}
      data-well={isWell}
    >
      <span className={classes.wide}>{label}</span>
      <span className={classes.narrow}>{short}</span>
      {symbols !== undefined && <span>{` ${symbols}`}</span>}
      {!isWell && <span>{` ${state}`}</span>}
    </span>
  );
}
