# SPDX-License-Identifier: Apache-2.0
defmodule GuestbookElixir.Request do
  @moduledoc "A request: `GET /` shows entries, `POST /` adds one and leads back to the page."
  require Logger

  alias GuestbookElixir.{Page, Store}

  # Milliseconds for each part of a request.
  @patience 10_000
  # Bytes of a form, and characters of its fields.
  @most_bytes 32_768
  @most %{"name" => 60, "text" => 2000}
  # Entries of the page.
  @count 50

  def serve(socket) do
    with {:ok, {:http_request, method, {:abs_path, target}, _}} <- :gen_tcp.recv(socket, 0, @patience),
         {:ok, length} <- length_of_body(socket, 0) do
      answer =
        try do
          answer(method, hd(String.split(target, "?")), body(socket, length))
        catch
          :throw, {status, text} ->
            html(status, Page.message(text))

          kind, reason ->
            Logger.error(Exception.format(kind, reason, __STACKTRACE__))
            html("500 Internal Server Error", Page.message("Something went wrong. It is in the log."))
        end

      :gen_tcp.send(socket, answer)
    end

    :gen_tcp.close(socket)
  end

  # Skips the headers but for one.
  defp length_of_body(socket, length) do
    case :gen_tcp.recv(socket, 0, @patience) do
      {:ok, {:http_header, _, :"Content-Length", _, value}} ->
        case Integer.parse(value) do
          {length, ""} when length >= 0 -> length_of_body(socket, length)
          _ -> {:error, :einval}
        end

      {:ok, {:http_header, _, _, _, _}} ->
        length_of_body(socket, length)

      {:ok, :http_eoh} ->
        {:ok, length}

      {:ok, _} ->
        {:error, :einval}

      error ->
        error
    end
  end

  defp body(_socket, 0), do: {:ok, ""}
  defp body(_socket, length) when length > @most_bytes, do: {:error, :too_long}

  defp body(socket, length) do
    :ok = :inet.setopts(socket, packet: :raw)
    :gen_tcp.recv(socket, length, @patience)
  end

  defp answer(:GET, "/", _body), do: html("200 OK", Page.entries(Store.newest(@count)))

  defp answer(:POST, "/", {:ok, body}) do
    fields = decode(body)
    :ok = Store.add(field(fields, "name"), field(fields, "text"))
    "HTTP/1.1 303 See Other\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
  end

  defp answer(:POST, "/", {:error, _}), do: throw({"413 Content Too Large", "That is too long."})
  defp answer(_, "/", _), do: throw({"405 Method Not Allowed", "This page can be read and written to, nothing else."})
  defp answer(_, _, _), do: throw({"404 Not Found", "There is no such page."})

  defp decode(body) do
    URI.decode_query(body)
  rescue
    ArgumentError -> throw({"400 Bad Request", "That is no form."})
  end

  # A field without spaces around it, in characters that are text.
  defp field(fields, key) do
    text = Map.get(fields, key, "")

    unless String.valid?(text), do: throw({"400 Bad Request", "That is not UTF-8."})
    text = text |> String.replace("\r\n", "\n") |> String.trim()

    cond do
      text == "" -> throw({"400 Bad Request", "A name and a text are needed."})
      String.length(text) > @most[key] -> throw({"413 Content Too Large", "That is too long."})
      true -> text
    end
  end

  defp html(status, page) do
    [
      "HTTP/1.1 #{status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: #{byte_size(page)}\r\n",
      "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n",
      "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; form-action 'self'\r\n\r\n",
      page
    ]
  end
end
