import { Link, useLocation } from '@tanstack/react-router';
import classes from './shell.module.css';

export function NotFound() {
  const { pathname } = useLocation();
  return (
    <main className={classes.message} data-testid="not-found">
      <h1>Page not found</h1>
      <p>
        There is no page at <code>{pathname}</code>.
      </p>
      <p>
        <Link to="/">Go to Home</Link>
      </p>
    </main>
  );
}
