//! Conversion of a list of shapes to SVG text or PNG bytes, by the two drawing backends of plotters.
//!
//! plotters places everything on whole units. To avoid visible rounding, an SVG is drawn at ten units per
//! pixel and scaled by its view box; a PNG is drawn several times larger and averaged down, which also
//! smooths its edges.

use super::canvas::{Anchor, Point, Shape, Text};
use super::font;
use super::palette::Colour;
use gridfleet_core::error::{Error, Result};
use plotters::prelude::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBAColor, RGBColor, ShapeStyle, TextStyle,
};

/// Units per pixel in an SVG.
const SVG_UNITS: f64 = 10.0;
/// Maximum number of pixels of a PNG, and of the larger picture from which it is averaged.
const MAX_PIXELS: f64 = 64e6;

/// Differences between the two backends.
struct Device {
    /// Units per pixel of the canvas.
    units: f64,
    /// Ratio of the font size of plotters to pixels per em. The SVG backend divides by 1.24; the other uses
    /// the whole height of the font.
    size_per_em: f64,
    /// Distance from the top of a text, as defined by plotters, to its baseline [em].
    baseline_em: f64,
    /// Whether lines must be drawn as polygons: the lines of plotters have no round joints.
    strokes_as_polygons: bool,
}

/// SVG of `shapes`, `width` by `height` pixels, with `title` for screen readers.
///
/// # Errors
/// If plotters cannot draw, which does not happen when writing text only.
pub(super) fn svg(shapes: &[Shape], (width, height): (u32, u32), title: &str) -> Result<String> {
    font::register();
    let mut text = String::new();
    let units = (width * SVG_UNITS as u32, height * SVG_UNITS as u32);
    {
        let mut backend = SVGBackend::with_string(&mut text, units);
        let device =
            Device { units: SVG_UNITS, size_per_em: 1.24, baseline_em: 0.76, strokes_as_polygons: false };
        paint(&mut backend, shapes, &device)?;
        backend.present().map_err(|e| failed(&e))?;
    }
    // plotters writes the size in units; the picture is displayed in pixels.
    let Some((_, body)) = text.split_once('>') else { return Err(failed(&"no SVG was written")) };
    let title = Text::new(title, (0.0, 0.0), 1.0).text;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
         role=\"img\" stroke-linejoin=\"round\" stroke-linecap=\"butt\">\n<title>{}</title>{body}",
        units.0,
        units.1,
        escaped(&title)
    ))
}

/// PNG of `shapes`: `width` by `height` pixels, times `scale`.
///
/// # Errors
/// If the picture would have more than 64 million pixels, or a temporary file cannot be written.
pub(super) fn png(shapes: &[Shape], (width, height): (u32, u32), scale: f64) -> Result<Vec<u8>> {
    font::register();
    let side = |pixels: u32| (f64::from(pixels) * scale).round().max(1.0);
    let pixels = side(width) * side(height);
    if !(scale > 0.0 && scale.is_finite()) || pixels > MAX_PIXELS {
        return Err(failed(&format!("{width} x {height} pixels times {scale} is no size for a PNG")));
    }
    let (width, height) = (side(width) as u32, side(height) as u32);
    let finer = ((MAX_PIXELS / pixels).sqrt().floor() as u32).clamp(1, 3);
    let large = (width * finer, height * finer);
    let mut buffer = vec![255; large.0 as usize * large.1 as usize * 3];
    {
        let mut backend = BitMapBackend::with_buffer(&mut buffer, large);
        let device = Device {
            units: scale * f64::from(finer),
            size_per_em: font::HEIGHT_EM,
            baseline_em: 0.5 * font::HEIGHT_EM,
            strokes_as_polygons: true,
        };
        paint(&mut backend, shapes, &device)?;
    }
    let averaged = averaged(&buffer, large, finer);
    // plotters only encodes into files.
    let file = tempfile::Builder::new().suffix(".png").tempfile().map_err(|e| failed(&e))?;
    {
        let mut backend = BitMapBackend::new(file.path(), (width, height));
        backend.blit_bitmap((0, 0), (width, height), &averaged).map_err(|e| failed(&e))?;
        backend.present().map_err(|e| failed(&e))?;
    }
    std::fs::read(file.path()).map_err(|e| failed(&e))
}

/// Averages squares of `finer` by `finer` pixels.
fn averaged(buffer: &[u8], (width, height): (u32, u32), finer: u32) -> Vec<u8> {
    let (finer, row) = (finer as usize, width as usize * 3);
    let mut out = Vec::with_capacity(buffer.len() / (finer * finer));
    let mut sums = vec![0u32; row / finer];
    for rows in buffer.chunks_exact(row * finer).take(height as usize / finer) {
        sums.fill(0);
        for line in rows.chunks_exact(row) {
            for (square, sum) in line.chunks_exact(3 * finer).zip(sums.chunks_exact_mut(3)) {
                for pixel in square.chunks_exact(3) {
                    for channel in 0..3 {
                        sum[channel] += u32::from(pixel[channel]);
                    }
                }
            }
        }
        let share = (finer * finer) as u32;
        out.extend(sums.iter().map(|sum| ((sum + share / 2) / share) as u8));
    }
    out
}

fn paint<B: DrawingBackend>(backend: &mut B, shapes: &[Shape], device: &Device) -> Result<()> {
    for shape in shapes {
        let drawn = match shape {
            Shape::Path { points, width, colour } if device.strokes_as_polygons => {
                stroke(backend, points, *width, *colour, device)?;
                continue;
            }
            Shape::Path { points, width, colour } => {
                let width = (width * device.units).round().max(1.0) as u32;
                backend.draw_path(units(points, device), &filled(*colour, 1.0).stroke_width(width))
            }
            Shape::Polygon { points, colour, opacity } => {
                backend.fill_polygon(units(points, device), &filled(*colour, *opacity))
            }
            Shape::Rectangle { rect, colour, opacity } => {
                let corners = units(&[(rect.x0, rect.y0), (rect.x1, rect.y1)], device);
                backend.draw_rect(corners[0], corners[1], &filled(*colour, *opacity), true)
            }
            Shape::Disc { at, radius, colour, opacity } if device.strokes_as_polygons => {
                backend.fill_polygon(disc(*at, *radius, device), &filled(*colour, *opacity))
            }
            Shape::Disc { at, radius, colour, opacity } => {
                let radius = (radius * device.units).round() as u32;
                backend.draw_circle(unit(*at, device), radius, &filled(*colour, *opacity), true)
            }
            Shape::Text(text) => {
                write(backend, text, device)?;
                continue;
            }
        };
        drawn.map_err(|e| failed(&e))?;
    }
    Ok(())
}

/// Draws a line as one quadrilateral per segment and a disc at each joint.
fn stroke<B: DrawingBackend>(
    backend: &mut B,
    points: &[Point],
    width: f64,
    colour: Colour,
    device: &Device,
) -> Result<()> {
    let style = filled(colour, 1.0);
    for (i, ends) in points.windows(2).enumerate() {
        let (a, b) = (ends[0], ends[1]);
        let length = super::canvas::distance(a, b);
        if length > 0.0 {
            let (dx, dy) = ((b.0 - a.0) / length * width / 2.0, (b.1 - a.1) / length * width / 2.0);
            let corners =
                [(a.0 - dy, a.1 + dx), (b.0 - dy, b.1 + dx), (b.0 + dy, b.1 - dx), (a.0 + dy, a.1 - dx)];
            if a.0 == b.0 || a.1 == b.1 {
                // Axis-aligned rectangles are exact; polygons of plotters include their far edge.
                let corners = units(&corners, device);
                let xs = corners.iter().map(|c| c.0);
                let ys = corners.iter().map(|c| c.1);
                let low = (xs.clone().min().unwrap_or(0), ys.clone().min().unwrap_or(0));
                let high = (xs.max().unwrap_or(0), ys.max().unwrap_or(0));
                backend.draw_rect(low, high, &style, true).map_err(|e| failed(&e))?;
            } else {
                backend.fill_polygon(units(&corners, device), &style).map_err(|e| failed(&e))?;
            }
        }
        if i > 0 {
            backend.fill_polygon(disc(a, width / 2.0, device), &style).map_err(|e| failed(&e))?;
        }
    }
    Ok(())
}

/// A disc as a polygon, fine enough to look round.
fn disc((x, y): Point, radius: f64, device: &Device) -> Vec<(i32, i32)> {
    let corners = ((radius * device.units).ceil() as usize * 2).clamp(8, 96);
    let around = (0..corners).map(|i| std::f64::consts::TAU * i as f64 / corners as f64);
    around.map(|angle| unit((x + radius * angle.cos(), y + radius * angle.sin()), device)).collect()
}

fn write<B: DrawingBackend>(backend: &mut B, text: &Text, device: &Device) -> Result<()> {
    let style = if text.bold { FontStyle::Bold } else { FontStyle::Normal };
    let em = text.size * device.units;
    let mut font = FontDesc::new(FontFamily::Name(font::FAMILY), em * device.size_per_em, style);
    let up = text.size * device.baseline_em;
    let top = if text.turned {
        font = font.transform(FontTransform::Rotate270);
        (text.at.0 - up, text.at.1)
    } else {
        (text.at.0, text.at.1 - up)
    };
    let anchor = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let colour = filled(text.colour, 1.0).color;
    let style = TextStyle::from(font).color(&colour).pos(Pos::new(anchor, VPos::Top));
    backend.draw_text(&text.text, &style, unit(top, device)).map_err(|e| failed(&e))
}

fn filled(colour: Colour, opacity: f64) -> ShapeStyle {
    let colour: RGBAColor = RGBColor(colour.0, colour.1, colour.2).mix(opacity);
    colour.filled()
}

fn unit((x, y): Point, device: &Device) -> (i32, i32) {
    // Clamping points far outside changes nothing visible and keeps the loops of plotters short.
    let unit = |v: f64| (v * device.units).round().clamp(-1e5, 4e5) as i32;
    (unit(x), unit(y))
}

fn units(points: &[Point], device: &Device) -> Vec<(i32, i32)> {
    points.iter().map(|point| unit(*point, device)).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::Other(format!("the picture could not be drawn: {error}"))
}
