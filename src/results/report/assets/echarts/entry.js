// Parts of Apache ECharts that reports use; README.md describes how to build the bundle.
import { use } from "echarts/core";
import { BarChart, CustomChart, LineChart, ScatterChart } from "echarts/charts";
import {
  DataZoomInsideComponent, GridComponent, LegendPlainComponent, MarkLineComponent, TitleComponent, TooltipComponent,
} from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";

use([
  BarChart, CustomChart, LineChart, ScatterChart, DataZoomInsideComponent, GridComponent, LegendPlainComponent,
  MarkLineComponent, TitleComponent, TooltipComponent, CanvasRenderer,
]);

export { init } from "echarts/core";
