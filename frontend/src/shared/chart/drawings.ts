/** What stands behind and before the bars: shades over spans of them, and vertical lines with words. */

import type { IChartApi, ISeriesPrimitive, Logical, SeriesAttachedParameter, Time } from 'lightweight-charts';
import type { Band, Mark } from './bar';

type PaneView = ReturnType<NonNullable<ISeriesPrimitive<Time>['paneViews']>>[number];
type Target = Parameters<NonNullable<ReturnType<PaneView['renderer']>>['draw']>[0];

const LABEL_PX = 11;
const PAD_PX = 4;
const LINE_PX = LABEL_PX + 2 * PAD_PX + 2;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
}

/** Where the left edge of a bar is, CSS pixels; null before the chart has a size. */
function leftOf(chart: IChartApi, bar: number): number | null {
  const scale = chart.timeScale();
  const [at, next] = [scale.logicalToCoordinate(bar as Logical), scale.logicalToCoordinate((bar + 1) as Logical)];
  return at === null || next === null ? null : at - (next - at) / 2;
}

/** Draws with the chart; `paint` gets a context in CSS pixels and the size of the pane. */
abstract class Drawing implements ISeriesPrimitive<Time> {
  protected chart: IChartApi | null = null;
  private requestUpdate: (() => void) | undefined;
  private readonly views: readonly PaneView[];

  constructor(place: 'bottom' | 'top') {
    const renderer = {
      draw: (target: Target) =>
        target.useMediaCoordinateSpace(({ context, mediaSize: { width, height } }) => {
          if (this.chart) this.paint(context, width, height);
        }),
    };
    this.views = [{ zOrder: () => place, renderer: () => renderer }];
  }

  attached({ chart, requestUpdate }: SeriesAttachedParameter<Time>): void {
    this.chart = chart as IChartApi;
    this.requestUpdate = requestUpdate;
  }

  detached(): void {
    this.chart = null;
  }

  paneViews(): readonly PaneView[] {
    return this.views;
  }

  protected redraw(): void {
    this.requestUpdate?.();
  }

  protected abstract paint(context: CanvasRenderingContext2D, width: number, height: number): void;
}

/** A shade behind spans of bars. */
export class Bands extends Drawing {
  private bands: readonly Band[] = [];
  private colour = '';

  constructor() {
    super('bottom');
  }

  set(bands: readonly Band[]): void {
    this.bands = bands;
    this.redraw();
  }

  recolour(colour: string): void {
    this.colour = colour;
    this.redraw();
  }

  protected paint(context: CanvasRenderingContext2D, width: number, height: number): void {
    if (!this.chart) return;
    context.fillStyle = this.colour;
    for (const { from, to } of this.bands) {
      const [left, right] = [leftOf(this.chart, from), leftOf(this.chart, to + 1)];
      if (left === null || right === null || right < 0 || left > width) continue;
      context.fillRect(Math.max(left, 0), 0, Math.min(right, width) - Math.max(left, 0), height);
    }
  }
}

/** Vertical lines, each with its words at the top. */
export class Marks extends Drawing {
  private marks: readonly Mark[] = [];
  private colours = { line: '', background: '' };

  constructor() {
    super('top');
  }

  set(marks: readonly Mark[]): void {
    this.marks = marks;
    this.redraw();
  }

  recolour(line: string, background: string): void {
    this.colours = { line, background };
    this.redraw();
  }

  protected paint(context: CanvasRenderingContext2D, width: number, height: number): void {
    context.font = `600 ${LABEL_PX}px ${getComputedStyle(document.body).fontFamily}`;
    context.textBaseline = 'middle';
    // Words that would stand on those before them go a line lower.
    let [line, end] = [0, 0];
    for (const mark of this.marks) {
      const left = this.chart && leftOf(this.chart, mark.bar);
      if (left === null || left < 0 || left > width) continue;
      const x = Math.round(left) + 0.5;
      line = x < end ? line + 1 : 0;
      const boxWidth = context.measureText(mark.words).width + 2 * PAD_PX;
      const box = { left: x + boxWidth > width ? x - boxWidth : x, top: 4 + line * LINE_PX, width: boxWidth };
      this.paintLine(context, x, height);
      this.paintWords(context, mark.words, box);
      end = box.left + boxWidth;
    }
  }

  private paintLine(context: CanvasRenderingContext2D, x: number, height: number): void {
    context.strokeStyle = this.colours.line;
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, height);
    context.stroke();
    context.setLineDash([]);
  }

  private paintWords(context: CanvasRenderingContext2D, words: string, { left, top, width }: Box): void {
    context.fillStyle = this.colours.line;
    context.fillRect(left, top, width, LABEL_PX + 2 * PAD_PX);
    context.fillStyle = this.colours.background;
    context.fillText(words, left + PAD_PX, top + PAD_PX + LABEL_PX / 2);
  }
}
