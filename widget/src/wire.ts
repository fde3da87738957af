// What the server says and hears, field for field.

export type LeadField = "name" | "email" | "phone" | "company" | "message";

export interface Agent {
  id: string;
  name: string;
  greeting: string;
  color: string;
  suggestions: string[];
  lead_form: { fields: LeadField[] };
  disclosure: boolean;
  position: "right" | "left";
}

export interface Source {
  title: string;
  excerpt: string;
  url: string | null;
}

export interface Message {
  id: string;
  role: "user" | "assistant";
  content: string;
  timestamp: string;
  sent_by?: "operator";
  sources?: Source[];
  answered?: boolean;
}

export interface Boot {
  agent: Agent;
  session: string;
  visitor_id: string;
  conversation_id: string | null;
  history: Message[];
}

export interface Done {
  message: Message;
  conversation_id: string | null;
  lead_form?: boolean;
  lead_captured?: boolean;
  // Questions that the visitor may have meant, or may ask next.
  suggestions?: string[];
}

export interface ErrorBody {
  error?: {
    code?: string;
    message?: string;
    status?: number;
    details?: { field: string; message: string }[];
  };
}
