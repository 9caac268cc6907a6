import { Outlet } from '@tanstack/react-router';
import { DisconnectedBanner, OriginBanner } from '@/features/connection/Banners';
import { Header } from './Header';
import classes from './shell.module.css';

/** What every page has around it. */
export function Shell() {
  return (
    <>
      <header className={classes.top}>
        <Header />
        <OriginBanner />
        <DisconnectedBanner />
      </header>
      <Outlet />
    </>
  );
}
