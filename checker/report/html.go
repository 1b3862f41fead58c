package report

import (
	"embed"
	"html/template"
	"io"
	"strings"
)

//go:embed page/report.html
var page embed.FS

// WriteHTML writes the report as one page that needs nothing but the files of
// its violations beside it.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report.html").Funcs(template.FuncMap{
		"yes": yes, "class": class, "foreignPower": func() string { return ForeignPower }, "join": func(list []string) string { return strings.Join(list, ", ") },
	}).ParseFS(page, "page/report.html")
	if err != nil {
		return err
	}
	return t.Execute(w, r)
}

// class is the style of a verdict.
func class(verdict string) string {
	switch verdict {
	case Holds, Shown:
		return "good"
	case Violated, Red, NotShown:
		return "bad"
	default:
		return "open"
	}
}
