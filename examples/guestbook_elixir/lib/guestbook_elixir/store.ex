# SPDX-License-Identifier: Apache-2.0
defmodule GuestbookElixir.Store do
  @moduledoc """
  The entries, in a DETS table: a number, and what was written. What `add/2` has returned from is there after a power cut.
  """
  use GenServer

  @table __MODULE__

  def start_link(path), do: GenServer.start_link(__MODULE__, path, name: __MODULE__)

  @doc "Adds an entry, and returns when it is on the disk."
  def add(name, text), do: GenServer.call(__MODULE__, {:add, name, text})

  @doc "So many entries, the newest first, each with the time at which it was written."
  def newest(count), do: GenServer.call(__MODULE__, {:newest, count})

  @doc "How many entries there are."
  def count, do: GenServer.call(__MODULE__, :count)

  @impl true
  def init(path) do
    # So that the table is closed when the system stops.
    Process.flag(:trap_exit, true)
    {:ok, @table} = :dets.open_file(@table, file: String.to_charlist(path))
    {:ok, nil}
  end

  @impl true
  def handle_call({:add, name, text}, _from, state) do
    :ok = :dets.insert(@table, {size() + 1, now(), name, text})
    :ok = :dets.sync(@table)
    {:reply, :ok, state}
  end

  def handle_call({:newest, count}, _from, state) do
    last = size()
    entries = for key <- last..max(1, last - count + 1)//-1, entry <- :dets.lookup(@table, key), do: entry
    {:reply, entries, state}
  end

  def handle_call(:count, _from, state), do: {:reply, size(), state}

  @impl true
  def terminate(_reason, _state), do: :dets.close(@table)

  defp now, do: DateTime.truncate(DateTime.utc_now(), :second)

  # Entries are never removed, so that their numbers follow each other.
  defp size, do: :dets.info(@table, :size)
end
