"""check_links.py ROOT [START]: follow every relative link of the documents in a
directory: HTML (href, src, also of SVG) and Markdown. A file must exist, and a
fragment be an id in it. From START, all HTML pages must be reached."""
import html.parser
import os
import re
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.ids, self.has_style = [], set(), False
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if path.endswith(".md"):
            self.links = re.findall(r"\]\(([^)\s]+)\)", text)
            self.has_style = True
        else:
            self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if "id" in values:
            self.ids.add(values["id"])
        self.links += [values[name] for name in ("href", "src", "xlink:href")
                       if values.get(name)]
        if tag == "link" and values.get("rel") == "stylesheet":
            self.has_style = True


def find_pages(root):
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith((".html", ".md")):
                yield os.path.join(folder, name)


def main(root, start=None):
    pages = {path: Page(path) for path in find_pages(root)}
    faults, leads_to = [], {}
    for path, page in pages.items():
        leads_to[path] = set()
        if not page.has_style and "<style" not in open(path).read():
            faults.append(f"{path}: no style")
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = os.path.normpath(os.path.join(
                os.path.dirname(path), urllib.parse.unquote(parts.path))) \
                if parts.path else path
            fragment = urllib.parse.unquote(parts.fragment)
            if not os.path.exists(target):
                faults.append(f"{path}: {link}: no such file")
            elif os.path.commonpath([target, root]) != root:
                faults.append(f"{path}: {link}: outside of the documents")
            elif fragment and fragment not in pages[target].ids:
                faults.append(f"{path}: {link}: no such place")
            leads_to[path].add(target)
    if start:
        reached, todo = set(), [os.path.join(root, start)]
        while todo:
            path = todo.pop()
            if path in pages and path not in reached:
                reached.add(path)
                todo += leads_to[path]
        faults += [f"{path}: no way leads there" for path in pages
                   if path not in reached and path.endswith(".html")]
    print("\n".join(faults))
    if not pages or not any(page.links for page in pages.values()):
        sys.exit("no links at all")
    return 1 if faults else 0


sys.exit(main(os.path.normpath(sys.argv[1]), *sys.argv[2:]))
