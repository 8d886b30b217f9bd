# SPDX-License-Identifier: BSD-3-Clause
# awk -f filter.awk HEADER: the header as Doxygen is to read it, line for line.
#
# The library describes the members of a struct once, in the comment above it, and what many classes share once, in the
# concept that asks for it. Doxygen wants a comment at every member. So a member without one gets, on its own line,
#
# 1. its row of the table in the comment of its struct ("/// name   what it is"),
# 2. or the paragraph of that comment which names it,
# 3. or the sentence that conventions() has for members that mean the same everywhere,
# 4. or, if it is data, what the comment of its struct says first,
# 5. or, right below a declaration of one line that has a comment, the same comment: it is about the whole run.
#
# A call operator does what its struct's comment says.
# A class or function without a comment that has its header's name gets the header's comment. What is left without any
# is left so: Doxygen reports it. Besides:
#
# * tables of comments become lists;
# * the inline namespace of flags, deduction guides, and comparisons that are defaulted are not shown.
#
# Written for the project's formatting, not for C++: a brace that opens a class or a namespace has a line of its own.

function conventions()
{
    # observers, and whatever else sees batches (observers/observer.hpp, metrics/metric.hpp)
    say["observe"] = "Sees one more batch."
    say["observe_range"] = "Sees one more batch, whose range is known."
    say["merge"] = "Unites with what another one saw."
    say["reset"] = "Back to having seen nothing."
    say["range"] = "The range that follows from what was seen; nothing_observed before the first number."
    say["observed"] = "What was seen."
    say["accumulator"] = "What sees the data; the metric reads its number off it."
    say["higher_is_better"] = "Which way the metric improves."
    say["name"] = "As it is called in tables, files and messages."
    # ranges, schemes, quantized things
    say["code_type"] = "The integer that holds a code."
    say["range_type"] = "The set of codes."
    say["element_type"] = "Of one value."
    say["value_type"] = "Of one value."
    say["scheme"] = "How a range becomes a scale and a zero point."
    say["granularity"] = "What shares one scale and zero point."
    say["params"] = "Scales and zero points."
    say["scale"] = "real = scale * (q - zero_point)"
    say["zero_point"] = "real = scale * (q - zero_point)"
    say["scales"] = "In the order of the granularity."
    say["zero_points"] = "In the order of the granularity."
    say["bounds"] = "The codes that are allowed."
    say["eps"] = "The least scale, so that nothing is divided by zero."
    say["learned"] = "Whether scale and zero point are parameters of the training."
    # containers and views
    say["data"] = "The first element; may be null if there is none."
    say["size"] = "Elements."
    say["rank"] = "Axes."
    say["shape"] = "Extents, outermost axis first."
    say["strides"] = "Elements from one index to the next, for each axis."
    say["begin"] = "Iterates in order."
    say["end"] = "Iterates in order."
    say["operator[]"] = "The element; its index or name must exist."
    say["view"] = "A view of it, which must not outlive it."
    say["like"] = "A new one of the same shape, values undefined."
    say["contains"] = "Whether there is one of that name."
    # layers
    say["in_features"] = "Columns of the weight [out_features, in_features]."
    say["out_features"] = "Rows of the weight [out_features, in_features]."
    say["kernel"] = "The micro-kernel in use."
    say["stages"] = "What runs on the sums."
    say["stage"] = "The same for the kernel, which knows no shapes."
    say["stages"] = "The same for the kernel, which knows no shapes."
    say["check_columns"] = "Throws unless the stage fits so many outputs."
    say["check_output"] = "Throws unless the stage fits an output of this shape."
    say["takes_sums"] = "Whether it reads int32 sums instead of floats."
    say["reads_output"] = "Whether it reads what the output holds already."
    say["accepts"] = "Whether the layer multiplies inputs of this type."
    say["format"] = "How operands of the product are stored."
    say["make"] = "The layer with these weights and this epilogue."
    # executors, policies
    say["concurrency("] = "Pieces that can run at the same time, at least 1 (core/executor.hpp)."
    say["run("] = "Calls work(i) once for every i in [0, count); returns when all have returned (core/executor.hpp)."
    say["operator+="] = "As if this had seen what the other one saw."
    say["bytes"] = "Bytes."
    say["seed"] = "Of the random numbers: the same seed, the same result."
    say["microseconds"] = "Time of a run."
    say["name_of"] = "As it is called in tables, files and messages."
    # models and plans
    say["layers"] = "In the model's order."
    say["plan"] = "What each layer gets."
    say["interval("] = "Where the error is, at the confidence asked for (sensitivity/block_bootstrap.hpp)."
    say["reasons"] = "Why, one sentence each."
    say["kind"] = "What the layer does (model/layer_kind.hpp)."
    say["bootstrap"] = "How confidence intervals are made."
    say["stopping"] = "When an interval is narrow enough."
    say["parameters"] = "Trained numbers."
    # functions of activations and perturbations (training/layers/activation.hpp, sensitivity/perturbation.hpp)
    say["value("] = "y, given x."
    say["slope("] = "dy/dx, given x and y."
    say["base("] = "The plan that one layer of is changed, for entries of this candidate."
    say["changed("] = "The candidate that the layer takes then."
    say["error("] = "The entry, from the errors of the outputs of both plans against the reference."
    # models that are measured (sensitivity/evaluated_model.hpp)
    say["candidates("] = "What a layer can be changed to; candidate 0 is the reference."
    say["samples("] = "How many samples it brings along."
    say["output_size("] = "Floats of a sample's outputs."
    say["run of a plan("] = "Runs samples [first, first + count) by the plan; outputs [count, output_size]."
    say["cached_run"] = "The values between layers of a run."
    say["cache("] = "Runs samples [first, first + count) by the plan, and keeps the values between its layers."
    say["run_changed("] = "The same bits as run() of the plan with one layer changed."
    say["run_layer("] = "One layer alone, as a candidate, on what a cached run has before it."
    say["result_size("] = "Floats of a layer's result for a sample."
    say["network("] = "As given."
    say["precisions("] = "The candidates, with what they compute."
    # operands of products (kernels/gemm/operand_a.hpp)
    say["panel_count("] = "Panels of 16 columns."
    say["groups("] = "Groups of each column."
    say["steps("] = "Steps of each column."
    say["scratch_bytes("] = "Bytes of memory that strip() needs for itself."
    say["strip("] = "Rows [first, first + rows) for a micro-kernel, read in place or packed, and their sums if asked for."
    # specializations
    say["tensor_traits"] = "Makes the type a tensor of the library (core/tensor_view.hpp)."
    say["tile_runner"] = "Runs tiles of a product with this epilogue (kernels/gemm/run_tile.hpp)."
}

function trimmed(text) { sub(/^ +/, "", text); sub(/ +$/, "", text); return text }
function is_comment(text) { return text ~ /^ *\/\/\// }
function comment_text(text) { sub(/^ *\/\/\/ ?/, "", text); return text }

# The code of a line: without strings, characters and comments.
function code_of(text)
{
    gsub(/\\./, "", text)
    gsub(/"[^"]*"/, "\"\"", text)
    gsub(/'[^']*'/, "' '", text)
    sub(/\/\/.*/, "", text)
    return text
}

function count(text, what,   copy) { copy = text; return gsub(what, "", copy) }

# Whether the text has the word, not as a part of another one.
function has_word(text, word,   at, before, after)
{
    while ((at = index(text, word)) > 0)
    {
        before = at == 1 ? " " : substr(text, at - 1, 1)
        after = substr(text, at + length(word), 1)
        if (before !~ /[A-Za-z0-9_]/ && after !~ /[A-Za-z0-9_]/)
            return 1
        text = substr(text, at + length(word))
    }
    return 0
}

# What the comment's table says about a name.
function row_of(comment, name,   parts, n, i, row)
{
    n = split(comment, parts, "\n")
    for (i = 1; i <= n; ++i)
    {
        if (!is_row(parts[i]) || !has_word(row_names(parts[i]), name))
            continue
        row = row_text(parts[i])
        while (i < n && parts[i + 1] ~ /^  /)
            row = row " " trimmed(parts[++i])
        return row
    }
    for (i = 1; i <= n; ++i) # "bytes  of its weights; reference_bytes: in float"
        if (is_row(parts[i]) && parts[i] ~ ("; " name "(:|  )"))
        {
            row = parts[i]
            sub(".*; " name "(:|  ) *", "", row)
            return row
        }
    return ""
}

# The first paragraph of the comment, outside of its table, that has the name.
function paragraph_of(comment, name,   parts, n, i, paragraph, in_table)
{
    n = split(comment "\n", parts, "\n")
    for (i = 1; i <= n; ++i)
    {
        in_table = is_row(parts[i]) || (in_table && parts[i] ~ /^  /)
        if (parts[i] != "" && !in_table)
            paragraph = paragraph (paragraph == "" ? "" : " ") trimmed(parts[i])
        else if (has_word(paragraph, name))
            return paragraph
        else
            paragraph = ""
    }
    return ""
}

# What the comment says first, unless that is a table.
function first_paragraph(comment)
{
    sub(/\n(\n| ).*/, "", comment)
    if (is_row(comment))
        return ""
    sub(/\n[a-z][^\n]*  [^ ].*/, "", comment)
    gsub(/\n/, " ", comment)
    return comment
}

# "x, y   [count] floats": names of parameters or members, two spaces or more, what they are.
function is_row(text) { return text ~ /^[a-z][A-Za-z0-9_]*((, |\/)[a-z][A-Za-z0-9_]*)*  +[^ ]/ }
function row_names(text) { sub(/  +.*/, "", text); return text }
function row_text(text) { sub(/^[^ ]+( [^ ]+)*  +/, "", text); return text }

# The names that a declaration declares, with spaces between.
function names_of(text,   names, parts, n, i, part, depth, c, flat)
{
    sub(/^ *template *</, "<", text)
    # nothing within angle brackets, braces or brackets matters
    for (i = 1; i <= length(text); ++i)
    {
        c = substr(text, i, 1)
        if (c == "(" && depth == 0)
            break
        if (c == "<" || c == "{" || c == "[")
            ++depth
        if (depth == 0)
            flat = flat c
        if ((c == ">" && substr(text, i - 1, 1) != "-") || c == "}" || c == "]")
            --depth
    }
    if (match(text, /\(\*[a-z0-9_]+\)/))
        return substr(text, RSTART + 2, RLENGTH - 3)
    if (text ~ /operator *\(\)/)
        return "operator()"
    if (match(flat, /operator *(\[\]|[^ a-zA-Z]+)? *$/) && text ~ /operator *\[\]/)
        return "operator[]"
    if (match(text, /operator *[-+*\/=<>!]+/))
    {
        part = substr(text, RSTART, RLENGTH)
        gsub(/ /, "", part)
        return part
    }
    if (match(flat, /using +[A-Za-z0-9_]+/))
        return substr(flat, RSTART + 6, RLENGTH - 6)
    if (match(flat, /(struct|class|enum class|enum|concept) +[A-Za-z0-9_]+/))
    {
        part = substr(flat, RSTART, RLENGTH)
        sub(/.* /, "", part)
        return part
    }
    n = split(flat, parts, ",")
    for (i = 1; i <= n; ++i)
    {
        part = parts[i]
        sub(/=.*/, "", part)
        sub(/;.*/, "", part)
        part = trimmed(part)
        if (match(part, /[A-Za-z0-9_]+$/))
            names = names " " substr(part, RSTART, RLENGTH)
    }
    return trimmed(names)
}

# What functions of that name do; "run" has two meanings.
function conventional(text, name)
{
    if (!is_function(text))
        return ""
    if (name == "run" && text !~ /Work&/)
        name = text ~ /choices& plan/ ? "run of a plan" : ""
    return name "(" in say ? say[name "("] : name in say ? say[name] : ""
}

function is_function(text) { sub(/ *[={].*/, "", text); return text ~ /\(/ && text !~ /\(\*/ }

function documentation(text, scope,   list, n, i, found, all)
{
    n = split(names_of(text), list, " ")
    for (i = 1; i <= n; ++i)
    {
        found = ""
        if (scope_kind[scope] == "record")
        {
            found = list[i] == "operator()" ? first_paragraph(scope_comment[scope]) : row_of(scope_comment[scope], list[i])
            if (found == "")
                found = conventional(text, list[i])
            if (found == "" && list[i] == scope_name[scope])
                found = "Constructor."
            if (found == "")
                found = paragraph_of(scope_comment[scope], list[i])
            if (found == "" && !is_function(text) && text !~ /^(using|friend|typedef)/ && !(list[i] in say))
                found = first_paragraph(scope_comment[scope])
        }
        else if (list[i] == header_name || index(list[i], header_name "_") == 1)
            found = header_comment
        if (found == "" && list[i] in say)
            found = say[list[i]]
        if (found == "")
            found = conventional(text, list[i])
        if (found == "")
            return ""
        if (index(all, found) == 0)
            all = all (all == "" ? "" : " ") found
    }
    gsub(/\*\//, "* /", all)
    return all == "" ? "" : "/** " escaped(all) " */ "
}

# "float a = 0, b = 1;", documented name by name. Doxygen would take one comment for the first name only.
function split_declaration(text, given, scope,   names, n, parts, flat, depth, i, c, type, result, remark)
{
    if (match(text, /\/\/\/< */))
    {
        given = "/** " escaped(substr(text, RSTART + RLENGTH)) " */ "
        text = substr(text, 1, RSTART - 1)
    }
    sub(/; *$/, "", text)
    for (i = 1; i <= length(text); ++i) # commas that separate declarators become line ends
    {
        c = substr(text, i, 1)
        depth += c ~ /[<{([]/ ? 1 : c ~ /[>})\]]/ ? -1 : 0
        flat = flat (c == "," && depth == 0 ? "\n" : c)
    }
    n = split(flat, parts, "\n")
    type = parts[1]
    sub(/ *(=|\{\}).*/, "", type)
    sub(/[A-Za-z0-9_]+$/, "", type)
    for (i = 1; i <= n; ++i)
    {
        parts[i] = trimmed(parts[i])
        if (i > 1)
            parts[i] = type parts[i]
        result = result (given != "" ? given : documentation(parts[i] ";", scope)) parts[i] "; "
    }
    return result
}

function is_list(statement) { return statement ~ /^[a-z][^(;]*;$/ && split(names_of(statement), several, " ") > 1 }

# "<thread>" in a comment is a header, not markup.
function escaped(text) { gsub(/</, "\\<", text); gsub(/\\\\</, "\\<", text); return text }

# Whether line i begins a deduction guide; guide_end is its last line then.
function is_guide(i,   text, j)
{
    for (j = i; j <= lines && j < i + 4; ++j)
    {
        text = text " " line[j]
        if (line[j] ~ /;$/)
            break
        if (line[j] ~ /[{}]/)
            return 0
    }
    guide_end = j
    sub(/^ *template *<[^()]*> +/, "", text)
    return trimmed(text) ~ /^[a-z0-9_]+\(.*\) *-> *[a-z0-9_]+(<.*>)?;$/
}

function header_facts(   i)
{
    header_name = FILENAME
    sub(/.*\//, "", header_name)
    sub(/\.hpp$/, "", header_name)
    for (i = 2; i <= lines && is_comment(line[i]) && !(i > 3 && comment_text(line[i]) ~ /^( |$)/); ++i)
        if (line[i] !~ /@file/)
            header_comment = header_comment (header_comment == "" ? "" : " ") comment_text(line[i])
}

# A line of a comment for Doxygen: rows, and sentences right below a row, become items of a list.
function shown_comment(text,   indent, body)
{
    match(text, /^ *\/\/\//)
    indent = substr(text, 1, RLENGTH)
    body = comment_text(text)
    if (is_row(body))
    {
        body = "- `" row_names(body) "` " row_text(body)
        in_list = 1
    }
    else if (body !~ /[^ ]/)
        in_list = 0
    else if (in_list && body ~ /^[^ ]/)
        body = "- " body
    return indent " " escaped(body)
}

{
    gsub(/::inline QUANTKIT_FLAGS_NAMESPACE/, "")
    line[NR] = $0
}

END {
    lines = NR
    conventions()
    header_facts()
    depth = 0
    scope_kind[0] = "namespace"
    fresh = 1 # a declaration may begin here
    for (i = 1; i <= lines; ++i)
    {
        if (line[i] ~ /R"[a-z]*\(/)
            in_raw_string = 1
        if (in_raw_string)
        {
            in_raw_string = line[i] !~ /\)[a-z]*";/
            print line[i]
            documented = 0
            continue
        }
        if (is_comment(line[i]))
        {
            comment = documented ? comment "\n" comment_text(line[i]) : comment_text(line[i])
            documented = 1
            print shown_comment(line[i])
            continue
        }
        in_list = 0
        code = trimmed(code_of(line[i]))
        if (code == "" || code ~ /^#/)
        {
            run_comment = ""
            documented = code == "" && line[i] ~ /\/\// ? documented : 0
            print line[i]
            continue
        }
        declares = scope_kind[depth] != "body"
        if (code ~ /^friend .*operator==.*= default;$/ || (declares && fresh && is_guide(i)))
        {
            for (last = code ~ /^friend/ ? i : guide_end; i < last; ++i)
                print ""
            print ""
            documented = 0
            continue
        }
        original = line[i]
        if (declares && fresh)
        {
            statement = code
            for (j = i; j < lines && statement !~ /[;{}]/ ; ++j)
                statement = statement " " trimmed(code_of(line[j + 1]))
            is_record = statement ~ /(^|> )(struct|class) +[A-Za-z0-9_]+/ && statement !~ /^[^{]*;/ \
                && statement !~ /enum/
            is_namespace = statement ~ /^namespace /
            if (!documented && line[i] !~ /\/\/\/</ && code !~ /^[{}]/ && !is_namespace \
                && code !~ /^(public|private|protected|static_assert)/)
            {
                given = documentation(statement, depth)
                if (given == "" && run_comment != "" && code ~ /[;}]$/ && count(code, "{") == count(code, "}"))
                    given = "/** " escaped(run_comment) " */ "
                match(line[i], /^ */)
                line[i] = substr(line[i], 1, RLENGTH) given substr(line[i], RLENGTH + 1)
            }
            if (is_list(statement) && code ~ /;$/ && statement !~ /^(using|friend|enum|return)/)
            {
                given = documented ? "/** " escaped(first_paragraph(comment)) " */ " : run_comment != "" \
                    && documentation(statement, depth) == "" ? "/** " escaped(run_comment) " */ " : ""
                match(line[i], /^ */)
                line[i] = substr(line[i], 1, RLENGTH) split_declaration(substr(original, RLENGTH + 1), given, depth)
            }
            if (documented)
                run_comment = first_paragraph(comment)
            pending_comment = documented ? comment : header_comment
            pending_name = names_of(statement)
        }
        print line[i]
        opened = count(code, "{")
        closed = count(code, "}")
        for (k = 0; k < opened - closed; ++k)
        {
            ++depth
            scope_kind[depth] = is_namespace ? "namespace" : is_record ? "record" : "body"
            scope_comment[depth] = pending_comment
            scope_name[depth] = pending_name
        }
        for (k = 0; k < closed - opened; ++k)
            --depth
        if (opened > 0 || closed > 0)
            is_record = is_namespace = 0
        if (opened != closed)
            run_comment = ""
        fresh = code ~ /[;{}]$/ || code ~ /^(public|private|protected):/
        documented = 0
    }
}
