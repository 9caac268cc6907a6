import classes from './panel.module.css';

/** In the chart's place until its code and its bars are there. */
export function ChartLoading() {
  return (
    <p className={classes.canvas} role="status" data-testid="chart" data-state="loading">
      Loading bars…
    </p>
  );
}
