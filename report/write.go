package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed head.html.tmpl
var headSource string

//go:embed style.css
var styleSource string

// write executes a page's template on data, which have a Title. What all pages
// begin with is its template "head".
func write(w io.Writer, page string, data any, functions template.FuncMap) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"style": func() template.CSS { return template.CSS(styleSource) },
	}).Funcs(functions).Parse(page)
	if err == nil {
		_, err = t.New("head").Parse(headSource)
	}
	if err == nil {
		err = t.Execute(w, data)
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
