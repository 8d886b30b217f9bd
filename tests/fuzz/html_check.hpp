// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Reads markup back, as strictly as no browser does: all that a text could have broken, it finds.
#pragma once

#include "fuzz/finding.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quantkit::fuzz
{
    /// Elements closed in order, attributes in double quotes, nothing that runs but two scripts of the page's own.
    class html_checker
    {
    public:
        explicit html_checker(std::string_view html)
            : rest_(html)
        {
        }

        /// The texts of all elements of a name, as a reader sees them.
        std::vector<std::string> texts_of(std::string_view name)
        {
            wanted_ = name;
            if (rest_.starts_with("<!DOCTYPE html>"))
                skip("<!DOCTYPE html>");
            while (!rest_.empty())
                if (rest_.front() == '<')
                    tag();
                else
                    add_text(upto('<'));
            expect(open_.empty(), "all elements are closed");
            return texts_;
        }

        std::size_t scripts() const { return scripts_; }

    private:
        static bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

        void skip(std::string_view text)
        {
            expect(rest_.starts_with(text), "markup is what the writer writes");
            rest_.remove_prefix(text.size());
        }

        std::string_view upto(char end)
        {
            const std::string_view part = rest_.substr(0, rest_.find(end));
            rest_.remove_prefix(part.size());
            return part;
        }

        std::string_view name()
        {
            const auto end = std::find_if_not(rest_.begin(), rest_.end(),
                                              [](char c) { return is_name(c) || (c >= 'A' && c <= 'Z'); });
            const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
            expect(!taken.empty(), "a name stands after < and between attributes");
            rest_.remove_prefix(taken.size());
            return taken;
        }

        void tag()
        {
            skip("<");
            if (rest_.starts_with('/'))
            {
                skip("/");
                expect(!open_.empty() && name() == open_.back(), "an element ends before the one around it");
                open_.pop_back();
                return skip(">");
            }
            const std::string_view element = name();
            check_known(element);
            while (rest_.starts_with(' '))
                attribute();
            if (rest_.starts_with('/'))
                return skip("/>");
            skip(">");
            if (element == "meta" || element == "link")
                return;
            if (element == "script" || element == "style")
                return raw(element);
            open_.push_back(element);
        }

        static void check_known(std::string_view element)
        {
            constexpr std::array<std::string_view, 34> known {
                "html",  "head",   "meta",   "link", "title",      "style",   "body", "main",    "script",
                "h1",    "h2",     "p",      "ul",   "li",         "section", "div",  "table",   "caption",
                "thead", "tbody",  "tr",     "th",   "td",         "button",  "b",    "details", "summary",
                "svg",   "figure", "circle", "desc", "figcaption", "path",    "rect"
            };
            expect(element == "text" || std::find(known.begin(), known.end(), element) != known.end(),
                   "only the writer's own elements are there");
        }

        void attribute()
        {
            skip(" ");
            const std::string_view key = name();
            expect(!key.starts_with("on") && key != "src", "no attribute runs or loads anything");
            if (!rest_.starts_with('='))
                return;
            skip("=\"");
            const std::string_view value = upto('"');
            expect(key != "href" || value == "data:,", "no link leads anywhere");
            expect(value.find('<') == std::string_view::npos, "no < stands in an attribute");
            skip("\"");
        }

        void raw(std::string_view element)
        {
            scripts_ += element == "script" ? 1 : 0;
            const std::string end = "</" + std::string(element) + ">";
            const std::size_t at = rest_.find("</");
            expect(at != std::string_view::npos && rest_.substr(at).starts_with(end), "scripts and styles end once");
            if (element == wanted_)
                texts_.emplace_back(rest_.substr(0, at));
            rest_.remove_prefix(at + end.size());
        }

        void add_text(std::string_view text)
        {
            if (!open_.empty() && open_.back() == wanted_)
                texts_.push_back(decoded(text));
        }

        static std::string decoded(std::string_view text)
        {
            std::string plain;
            while (!text.empty())
            {
                const auto [entity, character] = first_entity(text);
                plain += character;
                text.remove_prefix(entity.size());
            }
            return plain;
        }

        struct entity
        {
            std::string_view text;
            char character;
        };

        static entity first_entity(std::string_view text)
        {
            for (const entity each :
                 { entity { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&#39;", '\'' } })
                if (text.starts_with(each.text))
                    return each;
            expect(text.front() != '&' && text.front() != '>', "& and > are escaped");
            return { text.substr(0, 1), text.front() };
        }

        std::string_view rest_, wanted_;
        std::vector<std::string_view> open_;
        std::vector<std::string> texts_;
        std::size_t scripts_ = 0;
    };
}
