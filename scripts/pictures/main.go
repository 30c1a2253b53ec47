// Command pictures makes a PNG small: it keeps its 256 most frequent colours
// and puts the nearest of them in the place of all others, and cuts it at a
// height.
package main

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"slices"
	"strconv"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: pictures FROM.png TO.png HEIGHT")
		os.Exit(2)
	}
	if err := shrink(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(3)
	}
}

func shrink(from, to, tall string) error {
	height, err := strconv.Atoi(tall)
	if err != nil {
		return fmt.Errorf("height: %w", err)
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	drawn, err := png.Decode(source)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	box := drawn.Bounds()
	box.Max.Y = min(box.Max.Y, box.Min.Y+height)
	small := image.NewPaletted(box, frequent(drawn, box))
	draw.Draw(small, box, drawn, box.Min, draw.Src)
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(out, small); err != nil {
		return err
	}
	return out.Close()
}

// frequent returns the most frequent colours of a part of an image.
func frequent(of image.Image, box image.Rectangle) color.Palette {
	counts := map[color.Color]int{}
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			counts[of.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(counts), func(a, b color.Color) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	return colours[:min(len(colours), 256)]
}
