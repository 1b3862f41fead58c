// Package picture draws a history as one self-contained page: lanes for nodes
// and clients, operations as bars and arrows, faults shaded, strips per
// partition for leader epoch, in-sync set, high watermark and log ends, what
// violates a property marked, and the story in five lines. It reads histories
// and verdicts only, so that it serves every arm, and the page opens without a
// network.
//
// Files: picture.go (the page), story.go (the five lines), marks.go (what is
// marked), columns.go (how a hundred thousand operations stay small), page/
// (what runs in the browser: decode.js, describe.js, layout.js, draw.js,
// strip.js, scrub.js, page.js).
package picture
