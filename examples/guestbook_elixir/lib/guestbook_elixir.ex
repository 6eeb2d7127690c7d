# SPDX-License-Identifier: Apache-2.0
defmodule GuestbookElixir do
  @moduledoc "The application: its entries first, then what serves them."
  use Application

  @impl true
  def start(_type, _arguments) do
    folder = System.get_env("GUESTBOOK_FOLDER", "/data")
    port = String.to_integer(System.get_env("GUESTBOOK_PORT", "8080"))

    children = [
      {GuestbookElixir.Store, Path.join(folder, "entries.dets")},
      {Task.Supervisor, name: GuestbookElixir.Connections},
      {GuestbookElixir.Listener, port}
    ]

    Supervisor.start_link(children, strategy: :rest_for_one)
  end
end
