//! Pages taken apart: what people read or hear, where links lead, what forms ask. Reads only what
//! our own templates write: well-formed, attributes in double quotes.

/// Attributes whose text people read or hear.
const SPOKEN: [&str; 6] = ["title", "aria-label", "placeholder", "alt", "summary", "label"];
/// Elements without an end.
const VOID: [&str; 8] = ["meta", "link", "input", "br", "hr", "img", "rect", "path"];

/// One text that people read or hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub text: String,
    /// The language that an element around it names, if it is not the page's.
    pub language: Option<String>,
}

/// One field of a form.
#[derive(Clone, Debug, Default)]
pub struct Field {
    pub name: String,
    pub kind: String,
    pub value: String,
    pub options: Vec<String>,
}

/// One form.
#[derive(Clone, Debug, Default)]
pub struct Form {
    pub action: String,
    pub is_post: bool,
    pub is_multipart: bool,
    pub fields: Vec<Field>,
}

/// A page taken apart.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub language: String,
    pub title: String,
    pub texts: Vec<Text>,
    pub links: Vec<String>,
    pub forms: Vec<Form>,
}

struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, String)>,
    closes: bool,
}

impl Tag<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

impl Page {
    /// Takes a page apart.
    pub fn read(html: &str) -> Self {
        let mut page = Self::default();
        let mut open: Vec<(String, Option<String>)> = Vec::new();
        let mut rest = html;
        while let Some(at) = rest.find('<') {
            page.text(&rest[..at], &open);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("<!") {
                rest = after.split_once('>').map_or("", |(_, rest)| rest);
                continue;
            }
            let (tag, after) = tag(rest);
            rest = after;
            if matches!(tag.name, "script" | "style") && !tag.closes {
                let end = format!("</{}>", tag.name);
                rest = rest.split_once(&end).map_or("", |(_, rest)| rest);
                continue;
            }
            if tag.closes {
                while open.pop().is_some_and(|(name, _)| name != tag.name) {}
                continue;
            }
            page.tag(&tag, &open);
            if !VOID.contains(&tag.name) {
                open.push((tag.name.to_owned(), tag.get("lang").map(str::to_owned)));
            }
        }
        page
    }

    fn text(&mut self, text: &str, open: &[(String, Option<String>)]) {
        let text = unescape(text);
        if text.trim().is_empty() {
            return;
        }
        let inside = |name: &str| open.iter().any(|(known, _)| known == name);
        // What a program reads or a terminal is told.
        if inside("pre") || inside("code") {
            return;
        }
        if inside("title") && !inside("svg") {
            self.title.push_str(text.trim());
        }
        if inside("textarea")
            && let Some(field) = self.forms.last_mut().and_then(|form| form.fields.last_mut())
        {
            field.value = text.clone();
        }
        self.texts.push(Text { text, language: language(open) });
    }

    fn tag(&mut self, tag: &Tag<'_>, open: &[(String, Option<String>)]) {
        let own = |name: &str| tag.get(name).unwrap_or_default().to_owned();
        let language = tag.get("lang").map(str::to_owned).or_else(|| language(open));
        for (name, value) in &tag.attributes {
            let is_button =
                *name == "value" && matches!(tag.get("type"), Some("submit" | "button"));
            // The name of a group of fields is read out; the value of a submit button is too.
            let says = SPOKEN.contains(name) || (is_button && tag.name == "input");
            if says && !value.trim().is_empty() {
                self.texts.push(Text { text: value.clone(), language: language.clone() });
            }
        }
        match tag.name {
            "html" => self.language = own("lang"),
            "a" => self.links.push(own("href")),
            "form" => self.forms.push(Form {
                action: own("action"),
                is_post: own("method") == "post",
                is_multipart: own("enctype") == "multipart/form-data",
                fields: Vec::new(),
            }),
            "option" => {
                if let Some(field) = self.forms.last_mut().and_then(|form| form.fields.last_mut()) {
                    field.options.push(own("value"));
                }
            }
            "input" | "select" | "textarea" | "button" => {
                let kind = if tag.name == "input" { own("type") } else { tag.name.to_owned() };
                let field = Field { name: own("name"), kind, value: own("value"), options: vec![] };
                if let Some(form) = self.forms.last_mut() {
                    form.fields.push(field);
                }
            }
            _ => {}
        }
    }
}

fn language(open: &[(String, Option<String>)]) -> Option<String> {
    // The outermost is the page's own.
    open.iter().skip(1).rev().find_map(|(_, language)| language.clone())
}

/// The tag at the beginning of a text, and what follows it.
fn tag(text: &str) -> (Tag<'_>, &str) {
    let closes = text.starts_with("</");
    let body = text.trim_start_matches('<').trim_start_matches('/');
    let end = body.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(body.len());
    let (name, mut rest) = body.split_at(end);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('>') {
            return (Tag { name, attributes, closes }, after);
        }
        if let Some(after) = rest.strip_prefix('/') {
            rest = after;
            continue;
        }
        let end = rest.find(|c: char| c.is_whitespace() || "=>/".contains(c));
        let Some(end) = end else { return (Tag { name, attributes, closes }, "") };
        let (attribute, after) = rest.split_at(end);
        rest = after;
        let mut value = "";
        if let Some(after) = rest.strip_prefix("=\"") {
            (value, rest) = after.split_once('"').unwrap_or((after, ""));
        }
        attributes.push((attribute, unescape(value)));
    }
}

/// The characters that our templates escape, as they were.
fn unescape(text: &str) -> String {
    let mut out = text.to_owned();
    let known = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    for (escaped, character) in known {
        out = out.replace(escaped, character);
    }
    out
}

#[test]
fn a_page_is_taken_apart() {
    let page = Page::read(
        "<!DOCTYPE html><html lang=\"de\"><head><title>Ein &amp; Titel</title></head><body>\
         <p title=\"Hinweis\">Wort <span lang=\"en\">word</span></p><a href=\"/x\">Weg</a>\
         <form method=\"post\" action=\"/y\"><input name=\"a\" type=\"hidden\" value=\"1\">\
         <select name=\"b\"><option value=\"c\">C</option></select></form></body></html>",
    );
    let texts: Vec<(&str, Option<&str>)> =
        page.texts.iter().map(|t| (t.text.trim(), t.language.as_deref())).collect();
    let expected = [
        ("Ein & Titel", None),
        ("Hinweis", None),
        ("Wort", None),
        ("word", Some("en")),
        ("Weg", None),
        ("C", None),
    ];
    assert_eq!(texts, expected);
    assert_eq!((page.language.as_str(), page.title.as_str()), ("de", "Ein & Titel"));
    assert_eq!(page.links, ["/x"]);
    assert_eq!(page.forms[0].fields[1].options, ["c"]);
}
