# SPDX-License-Identifier: Apache-2.0
defmodule GuestbookElixir.Listener do
  @moduledoc "Takes connections; each is a task of its own."
  use Task, restart: :permanent
  require Logger

  alias GuestbookElixir.{Connections, Request, Store}

  # A line of a request may have so many bytes.
  @longest 8192

  def start_link(port), do: Task.start_link(fn -> listen(port) end)

  defp listen(port) do
    options = [:binary, packet: :http_bin, packet_size: @longest, active: false, reuseaddr: true]
    {:ok, listener} = :gen_tcp.listen(port, options)
    Logger.notice("guestbook: #{Store.count()} entries, serving on port #{port}")
    accept(listener)
  end

  defp accept(listener) do
    {:ok, socket} = :gen_tcp.accept(listener)

    # It waits until the connection is its own.
    serve = fn ->
      receive do
        :go -> Request.serve(socket)
      end
    end

    {:ok, pid} = Task.Supervisor.start_child(Connections, serve)

    # Whoever connected may be gone, and the task with it.
    with :ok <- :gen_tcp.controlling_process(socket, pid), do: send(pid, :go)
    accept(listener)
  end
end
