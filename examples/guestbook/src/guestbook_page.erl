%% SPDX-License-Identifier: Apache-2.0
%% The HTML. What visitors have written goes through escape/1, and nothing else does.
-module(guestbook_page).
-export([entries/3, message/1]).

%% The page of entries; newer ones are left out if it begins before one.
entries(Before, Entries, Older) ->
    page([form(Before), entry_list(Entries), older(Entries, Older)]).

%% A page that says one thing.
message(Text) ->
    page(["<p class=\"message\">", Text, "</p>\n<p><a href=\"/\">To the guestbook</a></p>\n"]).

page(Main) ->
    ["<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
     "<meta charset=\"utf-8\">\n"
     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
     "<title>Guestbook</title>\n"
     "<link rel=\"stylesheet\" href=\"/style.css\">\n"
     "<link rel=\"icon\" href=\"data:,\">\n"
     "</head>\n<body>\n<header><h1>Guestbook</h1></header>\n<main>\n", Main, "</main>\n", footer(), "</body>\n</html>\n"].

form(newest) ->
    "<form method=\"post\" action=\"/\">\n"
    "<label>Name <input name=\"name\" required maxlength=\"60\" autocomplete=\"name\"></label>\n"
    "<label>Text <textarea name=\"text\" required maxlength=\"2000\" rows=\"3\"></textarea></label>\n"
    "<button>Sign</button>\n</form>\n";
form(_) ->
    "<p><a href=\"/\">Newest</a></p>\n".

entry_list([]) ->
    "<p class=\"message\">Nobody has written anything yet.</p>\n";
entry_list(Entries) ->
    ["<ol>\n", [entry(Entry) || Entry <- Entries], "</ol>\n"].

entry(#{key := {Time, _}, name := Name, text := Text}) ->
    Date = calendar:system_time_to_rfc3339(Time div 1000000, [{offset, "Z"}, {time_designator, $\s}]),
    Lines = lists:join("<br>", [escape(Line) || Line <- string:split(Text, "\n", all)]),
    ["<li><h2>", escape(Name), "</h2> <time>", lists:droplast(Date), " UTC</time>\n<p>", Lines, "</p></li>\n"].

older(_, last) ->
    [];
older(Entries, more) ->
    #{key := {Time, Number}} = lists:last(Entries),
    io_lib:format("<p><a href=\"/?before=~b-~b\">Older</a></p>\n", [Time, Number]).

%% What serves the page.
footer() ->
    {Up, _} = erlang:statistics(wall_clock),
    io_lib:format("<footer>Erlang/OTP ~s on ~s, up ~s, ~b processes, ~.1f MiB</footer>\n",
                  [erlang:system_info(otp_release), erlang:system_info(machine), duration(Up div 1000),
                   erlang:system_info(process_count), erlang:memory(total) / 1048576]).

duration(Seconds) when Seconds < 60 -> io_lib:format("~b s", [Seconds]);
duration(Seconds) when Seconds < 3600 -> io_lib:format("~b min", [Seconds div 60]);
duration(Seconds) when Seconds < 86400 -> io_lib:format("~b h ~b min", [Seconds div 3600, Seconds div 60 rem 60]);
duration(Seconds) -> io_lib:format("~b d ~b h", [Seconds div 86400, Seconds div 3600 rem 24]).

escape(Text) ->
    mochiweb_html:escape(Text).
