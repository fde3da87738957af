// What the server says and hears, field for field.

export type LeadField = "name" | "email" | "phone" | "company" | "message";

export interface Agent {
  id: string;
  name: string;
  greeting: string;
  // Nobody has changed it.
  default_greeting: boolean;
  color: string;
  suggestions: string[];
  lead_form: LeadForm;
  disclosure: boolean;
  position: "auto" | "right" | "left";
  offset_x: number;
  offset_y: number;
  theme: "auto" | "light" | "dark";
  launcher_text: string;
  proactive_after_seconds: number;
  hide_on: string[];
  texts: Record<string, Record<string, string>>;
}

export interface LeadForm {
  fields: LeadField[];
  rule: "when_needed" | "before_first_message" | "after_messages";
  after_messages: number;
  consent_text: string;
  consent_url: string;
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
  operator_name?: string;
  sources?: Source[];
  answered?: boolean;
}

export interface Operator {
  name?: string;
}

export interface Boot {
  agent: Agent;
  session: string;
  visitor_id: string;
  conversation_id: string | null;
  history: Message[];
  // Who of the team has taken over, if anyone.
  operator?: Operator | null;
}

export interface Done {
  // None where a person has taken over and will answer.
  message: Message | null;
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
