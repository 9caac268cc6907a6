import { Button } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import classes from './shell.module.css';

/** A fault of the page itself; the header and the live wire keep running around it. */
export function PageError({ error, reset }: ErrorComponentProps) {
  return (
    <main className={classes.message} role="alert" data-testid="page-error">
      <h1>This page failed</h1>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      <p>
        <Button variant="default" size="xs" onClick={reset}>
          Try again
        </Button>
      </p>
    </main>
  );
}
