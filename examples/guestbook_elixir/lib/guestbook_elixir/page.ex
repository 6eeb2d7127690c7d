# SPDX-License-Identifier: Apache-2.0
defmodule GuestbookElixir.Page do
  @moduledoc "The HTML, from templates that are compiled. What visitors have written goes through `escape/1`."
  require EEx

  EEx.function_from_string(:def, :entries, """
  <!DOCTYPE html>
  <html lang="en">
  <head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Guestbook</title>
  <link rel="icon" href="data:,">
  <style>
  body { margin: 0 auto; max-width: 38rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #223; background: #f7f5fb }
  h1 { color: #5b3a8c }
  form, li { background: #fff; border: 1px solid #ddd6ea; border-radius: .5rem; padding: 1rem; margin: 0 0 1rem }
  label, textarea, input { display: block; width: 100%; box-sizing: border-box; font: inherit }
  button { margin-top: .5rem; padding: .4rem 1.2rem; border: 0; border-radius: .3rem; color: #fff; background: #5b3a8c; font: inherit; cursor: pointer }
  ol { list-style: none; padding: 0 }
  h2 { display: inline; font-size: 1rem }
  time, footer { color: #778; font-size: .85rem }
  li p { margin: .3rem 0 0; white-space: pre-line; overflow-wrap: anywhere }
  </style>
  </head>
  <body>
  <h1>Guestbook</h1>
  <form method="post" action="/">
  <label>Name <input name="name" required maxlength="60" autocomplete="name"></label>
  <label>Text <textarea name="text" required maxlength="2000" rows="3"></textarea></label>
  <button>Sign</button>
  </form>
  <%= if entries == [] do %><p>Nobody has written anything yet.</p>
  <% else %><ol>
  <%= for {_, time, name, text} <- entries do %><li><h2><%= escape(name) %></h2> <time><%= time %></time>
  <p><%= escape(text) %></p></li>
  <% end %></ol>
  <% end %><footer>Elixir <%= System.version() %> on OTP <%= System.otp_release() %></footer>
  </body>
  </html>
  """, [:entries])

  EEx.function_from_string(:def, :message, """
  <!DOCTYPE html>
  <html lang="en">
  <title>Guestbook</title>
  <p><%= text %></p>
  <p><a href="/">To the guestbook</a></p>
  </html>
  """, [:text])

  @escapes %{"&" => "&amp;", "<" => "&lt;", ">" => "&gt;", "\"" => "&quot;"}

  defp escape(text), do: String.replace(text, Map.keys(@escapes), &Map.fetch!(@escapes, &1))
end
